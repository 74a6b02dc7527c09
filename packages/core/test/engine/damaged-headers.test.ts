import { openStorage, StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";

/** Cannot read the headers of some items: nobody can list a page that has one of them. */
class Damaged extends MapAdapter {
  readonly damaged = new Set<string>();

  override async list(...args: Parameters<MapAdapter["list"]>): ReturnType<MapAdapter["list"]> {
    const page = await super.list(...args);
    const met = page.find(({ key }) => this.damaged.has(key));
    if (met !== undefined) throw new StorageError("CORRUPT", "its header cannot be read", { key: met.key });
    return page;
  }
}

describe("verify of a store with headers that cannot be read", () => {
  it.each([
    ["in the middle", ["n/k0004"]],
    ["first and last", ["n/k0000", "n/k1099"]],
    ["side by side, and behind a page", ["n/k0007", "n/k0008", "n/k1000", "n/k1001"]],
    ["many in a row", Array.from({ length: 30 }, (_, at) => `n/k${String(at).padStart(4, "0")}`)],
  ])("names them and goes on: %s", async (_, damaged) => {
    const adapter = new Damaged();
    const storage = await openStorage(adapter);
    for (let at = 0; at < 1_100; at++) await storage.save(`n/k${String(at).padStart(4, "0")}`, at);
    await storage.save("other", 1);
    for (const key of damaged) adapter.damaged.add(key);
    const view = storage.namespace("n");
    const report = await view.verify("", { progress: () => undefined });
    expect(report.items).toBe(1_100 - damaged.length);
    expect(report.problems.map(({ key }) => key)).toEqual(damaged.map((key) => key.slice(2)));
    expect(report.problems[0]).toMatchObject({ code: "CORRUPT", repairable: false });
  });

  it("gives up where the adapter names none that lies ahead", async () => {
    const adapter = new Damaged();
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    adapter.list = async ({ after }) => {
      throw new StorageError("CORRUPT", "somewhere", { key: after ?? "a" });
    };
    await expect(storage.verify()).rejects.toMatchObject({ code: "CORRUPT" });
  });
});
