import { openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { equal, ok, rejection, rejects } from "../assert.js";
import { collect, inPieces, keysOf } from "../collect.js";
import type { Context } from "../context.js";
import { replacing } from "../replacing.js";
import { noise } from "../samples/values.js";
import { persistence, type Theme } from "../suite.js";
import { everyOperation } from "./every-operation.js";
import { opensEmpty } from "./refusals.js";

export const lifecycle: Theme = {
  name: "open and close",
  cases: [
    {
      name: "after close every operation is refused with CLOSED",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1);
        await storage.close();
        for (const [name, call] of everyOperation(storage)) await rejects("CLOSED", name, () => call(undefined));
        equal(storage.getCapabilities().native, context.capabilities, "the capabilities, which are still told");
      },
    },
    {
      name: "close may be called any number of times, also at once",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1);
        await Promise.all([storage.close(), storage.close(), storage[Symbol.asyncDispose]()]);
        await storage.close();
        await rejects("CLOSED", "load", () => storage.load("k"));
      },
    },
    {
      name: "close waits for a write that takes its time",
      async run(context) {
        const gate = Promise.withResolvers<void>();
        const order: string[] = [];
        const storage = await context.openRoot({
          through: (adapter) =>
            replacing(adapter, {
              async put(...write) {
                await gate.promise;
                return adapter.put(...write);
              },
              async close() {
                order.push("the adapter is closed");
                return adapter.close();
              },
            }),
        });
        const saving = storage.save("k", 1).then(() => order.push("the save is answered"));
        const closing = storage.close().then(() => order.push("the close is answered"));
        await rejects("CLOSED", "a save that comes too late", () => storage.save("k", 2));
        gate.resolve();
        await Promise.all([saving, closing]);
        equal(order, ["the save is answered", "the adapter is closed", "the close is answered"], "the order");
      },
    },
    {
      name: "what is under way when the storage is closed is stored",
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        const storage = await context.openRoot();
        const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
        const saving = Promise.all(keys.map((key) => storage.save(key, noise(5_000))));
        await storage.close();
        equal((await saving).length, 50, "saves that were answered");
        const reopened = await context.openRoot();
        for (const key of keys) equal(await reopened.load(key), noise(5_000), `the value of ${key}`);
      },
    },
    {
      name: "reopening keeps everything as it was",
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        const storage = await context.open();
        await storage.save("json", { a: [1, "é"] }, { tags: ["t", "u"], metadata: { m: { n: null } } });
        await storage.save("yaml", "2020-01-01", { format: "yaml" });
        await storage.save("bytes", noise(100_000), { expiration: context.clock.in(1_000) });
        await storage.saveStream("stream", inPieces(noise(2_000_000), 70_000));
        await storage.save("compressed", "dull ".repeat(10_000), { compress: true });
        await storage.save("deleted", 1);
        await storage.delete("deleted");
        context.clock.advance(10);
        await storage.update("json", () => ({ a: 2 }));
        const before = await storage.list();
        const reopened = await context.reopen();
        equal(await reopened.list(), before, "the items");
        equal(keysOf(before), ["bytes", "compressed", "json", "stream", "yaml"], "their keys");
        equal(await reopened.load("json"), { a: 2 }, "json");
        equal(await reopened.load("yaml"), "2020-01-01", "yaml");
        equal(await reopened.load("bytes"), noise(100_000), "bytes");
        equal(await reopened.load("stream"), noise(2_000_000), "what was streamed");
        equal(await reopened.load("compressed"), "dull ".repeat(10_000), "what was compressed");
        equal(await reopened.exists("deleted"), false, "what was deleted");
        context.clock.advance(1_000);
        equal(await reopened.exists("bytes"), false, "what has expired since");
      },
    },
    {
      name: "what was acknowledged is there after any number of reopenings",
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        for (let round = 0; round < 5; round++) {
          const storage = await context.reopen();
          equal((await storage.list()).length, round, "items from the rounds before");
          const item = await storage.save(`k${round}`, round, { ifVersion: null });
          await rejects("CONFLICT", "the same again", () => storage.save(`k${round}`, round, { ifVersion: null }));
          equal(await storage.stat(`k${round}`), item, "the item");
        }
      },
    },
    {
      name: "the same adapter may be opened again once it is closed",
      async run(context) {
        const adapter = context.backing.adapter();
        const first = await openStorage(adapter, { ports: { clock: context.clock } });
        await first.save("k", 1);
        await first.close();
        const second = await openStorage(adapter, { ports: { clock: context.clock } });
        try {
          equal(await second.load("k"), context.backing.persistent ? 1 : undefined, "the value");
          await second.save("k", 2);
          equal(await second.load("k"), 2, "the value written then");
          await rejects("CLOSED", "the first opening", () => first.load("k"));
        } finally {
          await second.close();
        }
      },
    },
    {
      name: "closing one opening leaves the others open",
      async run(context) {
        const [one, other] = [await context.open(), await context.open()];
        await one.save("k", 1);
        await context.openRoot().then((third) => third.close());
        equal(await one.load("k"), 1, "the value through an opening that stays");
        equal(await other.load("k"), 1, "the value through another one");
      },
    },
    {
      name: "a scan that meets the close is refused, and does not hang",
      async run(context) {
        const storage = await context.open();
        for (let index = 0; index < 1_500; index += 500) {
          await Promise.all(Array.from({ length: 500 }, (_, each) => storage.save(`k${index + each}`, 1)));
        }
        const scan = storage.scan()[Symbol.asyncIterator]();
        await scan.next();
        await storage.close();
        await rejects("CLOSED", "the rest of the scan", async () => {
          for (let next = await scan.next(); !next.done; next = await scan.next());
        });
      },
    },
    {
      name: "wrong settings are refused, and nothing is opened",
      async run(context) {
        const wrong: unknown[] = [
          { compres: true },
          { compress: 1 },
          { retry: { tries: 1 } },
          { closeTimeout: -1 },
          null,
        ];
        for (const settings of wrong) {
          await rejects("INVALID_OPTION", JSON.stringify(settings), () =>
            openStorage(context.backing.adapter(), settings as never),
          );
        }
        for (const adapter of [undefined, null, {}, "sqlite"]) {
          await rejects("INVALID_OPTION", "something that is no adapter", () => openStorage(adapter as never));
        }
        await usable(context);
      },
    },
    {
      name: "an adapter of another interface number is refused",
      async run(context) {
        const adapter = context.backing.adapter();
        const other = new Proxy(adapter, { get: (target, name) => (name === "spi" ? 2 : Reflect.get(target, name)) });
        const error = await rejection("openStorage", () => openStorage(other));
        ok(StorageError.is(error, "UNSUPPORTED"), `refused with UNSUPPORTED, not ${String(error)}`);
        await usable(context);
      },
    },
  ],
};

async function usable(context: Context): Promise<void> {
  const storage: StorageEngine = await context.open();
  await storage.save("k", 1);
  equal(keysOf(await collect(storage.scan())), ["k"], "what a storage opened then holds");
}
