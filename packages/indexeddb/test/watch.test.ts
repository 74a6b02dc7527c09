import { afterEach, describe, expect, it, vi } from "vitest";
import { lookInto, nameOf, openStore, tidyUp } from "./support/stores.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await tidyUp();
});

describe("a watcher", () => {
  it("hears of a commit whose message came while it was still being registered", async () => {
    const channels: BroadcastChannel[] = [];
    vi.stubGlobal(
      "BroadcastChannel",
      class extends BroadcastChannel {
        constructor(name: string) {
          super(name);
          channels.push(this);
        }
        override postMessage(): void {
          // The one message that counts is delivered below.
        }
      },
    );
    const watching = await openStore();
    const writing = await openStore({ name: await nameOf(watching) });
    let saving: Promise<unknown> | undefined;
    const { openCursor } = IDBObjectStore.prototype;
    vi.spyOn(IDBObjectStore.prototype, "openCursor").mockImplementationOnce(function (this: IDBObjectStore, ...range) {
      const newest = openCursor.apply(this, range);
      // Its transaction begins behind the one that reads, whose answer the message overtakes.
      saving = writing.save("a", 1);
      newest.addEventListener("success", () => channels[0]?.onmessage?.(new MessageEvent("message")));
      return newest;
    });
    const told: string[] = [];
    await watching.watch("", ({ key }) => told.push(key));
    await saving;
    await expect.poll(() => told).toEqual(["a"]);
  });
});

describe("a cursor", () => {
  it("of a batch of any size is understood", async () => {
    const storage = await openStore();
    await storage.save("a", 1);
    const database = await lookInto(await nameOf(storage));
    const entry = await database.get("feed", 1);
    await database.put("feed", { ...entry, c: Array.from({ length: 100_001 }, () => entry.c[0]) }, 1);
    const since = `${await database.get("store", "epoch")}.1.100000`;
    database.close();
    await storage.save("b", 1);
    const keys: string[] = [];
    for await (const { key } of storage.changes(since)) keys.push(key);
    expect(keys).toEqual(["b"]);
  });
});
