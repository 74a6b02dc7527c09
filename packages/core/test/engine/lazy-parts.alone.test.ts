import { openStorage, StorageError } from "@holdfast/core";
import { expect, it, vi } from "vitest";
import * as z from "zod";
import { MapAdapter } from "../support/map-adapter.js";

const offline = vi.hoisted(() => () => {
  throw new TypeError("Failed to fetch");
});
vi.mock("../../dist/collections/records.js", offline);
vi.mock("../../dist/engine/complete-settings.js", offline);
vi.mock("../../dist/engine/retry.js", offline);
vi.mock("../../dist/engine/update.js", offline);
vi.mock("../../dist/engine/watch-hub.js", offline);

it("fails typed, and changes nothing, where a part cannot be loaded", async () => {
  const adapter = new MapAdapter();
  const storage = await openStorage(adapter);
  const things = storage.collection("things", { schema: z.object({ n: z.number() }), version: "1.0" });
  const change = vi.fn(() => 1);
  for (const call of [
    openStorage(adapter, { compress: true }),
    things.save("a", { n: 1 }),
    storage.update("a", change),
    storage.watch("", () => undefined),
  ]) {
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code: "INTERNAL" });
  }
  expect(change).not.toHaveBeenCalled();
  expect(adapter.records.size).toBe(0);
  await storage.close();
});

it("tells what the first try met where the code of retries cannot be loaded", async () => {
  const adapter = new MapAdapter();
  const storage = await openStorage(adapter);
  adapter.get = async () => {
    throw new StorageError("UNAVAILABLE", "the network is away");
  };
  await expect(storage.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE", message: "the network is away" });
  await storage.close();
});
