import { faulty, replacing } from "@holdfast/conformance";
import { OpenOnce, openStorage, type StorageAdapter } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { fallbackAdapter } from "holdfast";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Outage } from "./support/outage.ts";

let at: Outage;
beforeEach(() => {
  at = new Outage();
});

const open = (adapter: StorageAdapter) => at.settled(openStorage(adapter, { ports: at.ports }));

/** A primary that serves one storage at a time, as those with a connection do, and opens when `ready` resolves. */
function connected(ready: Promise<void>): StorageAdapter {
  const store = memory({ store: at.remote });
  const connection = new OpenOnce<StorageAdapter>("connected");
  return replacing(store, {
    async open(context) {
      await connection.open(async () => {
        await ready;
        return store;
      });
      return store.open(context);
    },
    stat: (key, options) => connection.current.stat(key, options),
    get: (key, options) => connection.current.get(key, options),
    put: (record, condition, options) => connection.current.put(record, condition, options),
    close: () => connection.close(),
  });
}

describe("a second storage on the same adapter", () => {
  it("is refused, and takes nothing from the first", async () => {
    const adapter = fallbackAdapter(at.primary, [memory({ store: at.local })]);
    const storage = await open(adapter);
    await storage.save("a", 1);
    const refused = { code: "INVALID_OPTION", adapter: "fallback" };
    await expect(open(adapter)).rejects.toMatchObject(refused);
    expect(await storage.load("a")).toBe(1);
    at.lose();
    await at.settled(storage.save("a", 2));
    const { length } = at.primary.calls;
    await expect(open(adapter)).rejects.toMatchObject(refused);
    expect((await storage.getInfo()).details).toMatchObject({ mode: "fallback", waiting: 1 });
    expect(at.primary.calls).toHaveLength(length);
    await at.comeBack();
    expect(await at.atPrimary((other) => other.load("a"))).toBe(2);
    await storage.close();
    const next = await open(adapter);
    expect(await next.load("a")).toBe(2);
    await next.close();
  });

  it("closes no member of the first where an adapter of a member refuses", async () => {
    const own = connected(Promise.resolve());
    const storage = await open(fallbackAdapter(memory(), [own]));
    await expect(open(fallbackAdapter(memory(), [own]))).rejects.toMatchObject({ adapter: "connected" });
    await storage.save("a", 1);
    expect(await at.atPrimary((other) => other.exists("a"))).toBe(true);
    await storage.close();
  });
});

describe("opened again while the primary had not answered to the first opening", () => {
  it.each(["before", "after"])("comes to the primary that answers %s that", async (when) => {
    const answer = Promise.withResolvers<void>();
    const adapter = fallbackAdapter(connected(answer.promise), [memory({ store: at.local })]);
    const first = await open(adapter);
    await first.save("a", 1);
    // So that a probe waits for the same answer.
    await at.ports.advance(1_500);
    await first.close();
    if (when === "before") answer.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    const second = await open(adapter);
    expect((await second.getInfo()).details).toMatchObject({ mode: when === "before" ? "primary" : "fallback" });
    answer.resolve();
    await at.ports.advance(60_000);
    expect((await second.getInfo()).details).toMatchObject({ mode: "primary", waiting: 0 });
    expect(await at.atPrimary((other) => other.load("a"))).toBe(1);
    await second.save("a", 2);
    expect(await at.atPrimary((other) => other.load("a"))).toBe(2);
    await second.close();
  });

  it("hears nothing any more of what asked whether it was there", async () => {
    const answer = Promise.withResolvers<void>();
    const modes: string[] = [];
    const local = faulty(memory());
    const adapter = fallbackAdapter(connected(answer.promise), [local], {
      onFallback: (event) => void (event.type === "mode" && modes.push(event.mode)),
    });
    const first = await open(adapter);
    await at.ports.advance(1_500);
    await first.close();
    // Not `open`, with which time would pass: until the first opening's probe is given up.
    const opening = openStorage(adapter, { ports: at.ports });
    await vi.waitFor(() => expect(local.calls.filter(({ method }) => method === "open")).toHaveLength(2));
    answer.resolve();
    const second = await opening;
    await at.ports.advance(120_000);
    expect(modes).toEqual(["fallback"]);
    await second.close();
  });
});
