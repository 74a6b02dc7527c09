import { defined, equal, ok, rejects } from "../assert.js";
import { collect, inPieces, keysOf } from "../collect.js";
import { replacing } from "../replacing.js";
import type { Theme } from "../suite.js";

export const expiry: Theme = {
  name: "expiration",
  cases: [
    {
      name: "an item is alive until the instant of its expiration, and absent from it on",
      async run(context) {
        const storage = await context.open();
        const expiration = context.clock.in(1_000);
        const item = await storage.save("k", 1, { expiration });
        equal(item.expiration, expiration, "the item's expiration");
        context.clock.advance(999);
        equal(await storage.load("k"), 1, "the value a millisecond before");
        equal(await storage.stat("k"), item, "the item a millisecond before");
        equal(keysOf(await storage.list()), ["k"], "the list a millisecond before");
        equal(await storage.count(), 1, "the count a millisecond before");
        context.clock.advance(1);
        equal(await storage.load("k"), undefined, "the value at the instant");
        equal(await storage.stat("k"), undefined, "the item at the instant");
        equal(await storage.list(), [], "the list at the instant");
        equal(await storage.count(), 0, "the count at the instant");
      },
    },
    {
      name: "what has expired is absent for every operation",
      async run(context) {
        const storage = await context.open();
        const about = { tags: ["t"], metadata: { m: 1 } };
        const { items: before } = await storage.getInfo();
        await storage.save("living", 1, { ...about, expiration: context.clock.in(2_000) });
        const { version } = await storage.save("expired", 1, { ...about, expiration: context.clock.in(1_000) });
        context.clock.advance(1_500);
        equal(await storage.load("expired"), undefined, "load");
        equal(await storage.stat("expired"), undefined, "stat");
        equal(await storage.exists("expired"), false, "exists");
        equal(await storage.loadStream("expired"), undefined, "loadStream");
        equal(await storage.delete("expired"), false, "delete");
        equal(keysOf(await storage.list()), ["living"], "list");
        equal(keysOf(await storage.list("e")), [], "list below its own start");
        equal(keysOf(await collect(storage.scan())), ["living"], "scan");
        for (const query of [{}, { tags: ["t"] }, { where: { m: 1 } }, { sort: "-created" }]) {
          equal(keysOf(await storage.search(query)), ["living"], `search ${JSON.stringify(query)}`);
          equal(await storage.count(query), 1, `count ${JSON.stringify(query)}`);
        }
        equal(await storage.search({ text: "expired" }), [], "search by its key");
        equal((await storage.getInfo()).items - before, 1, "items that getInfo counts");
        equal((await storage.verify()).items, 1, "items that verify reads");
        const conflict = await rejects("CONFLICT", "a save on its version", () =>
          storage.save("expired", 2, { ifVersion: version }),
        );
        equal(conflict.current, null, "what stands, says the conflict of a save");
        const other = await rejects("CONFLICT", "a delete of its version", () =>
          storage.delete("expired", { ifVersion: version }),
        );
        equal(other.current, null, "what stands, says the conflict of a delete");
        let found: unknown[] = [];
        await storage.update("expired", (...current) => {
          found = current;
          return undefined;
        });
        equal(found, [undefined, undefined], "what update was given");
        await storage.save("expired", 2, { ifVersion: null });
        equal(await storage.load("expired"), 2, "the value saved where it had been");
      },
    },
    {
      name: "a stream and a conditional create go ahead where something has expired",
      async run(context) {
        const storage = await context.open();
        for (const key of ["a", "b"])
          await storage.save(key, "old", { expiration: context.clock.in(10), tags: ["old"] });
        context.clock.advance(10);
        const created = await storage.save("a", "new", { ifVersion: null });
        equal(created.created, context.clock.in(0), "created");
        await storage.saveStream("b", inPieces(new Uint8Array(2), 1), { ifVersion: null });
        equal(await storage.count({ tags: ["old"] }), 0, "items with the old tag");
        equal(keysOf(await storage.list()), ["a", "b"], "the keys listed");
      },
    },
    {
      name: "pages are full of living items, whatever has expired between them",
      async run(context) {
        const storage = await context.open();
        const keys = Array.from({ length: 60 }, (_, index) => `k${String(index).padStart(2, "0")}`);
        const soon = { expiration: context.clock.in(10) };
        await Promise.all(keys.map((key, index) => storage.save(key, index, index % 3 === 0 ? {} : soon)));
        context.clock.advance(10);
        const living = keys.filter((_, index) => index % 3 === 0);
        equal(keysOf(await storage.list("", { limit: 10 })), living.slice(0, 10), "the first page");
        equal(keysOf(await storage.list("", { limit: 10, after: living[9] })), living.slice(10, 20), "the second page");
        equal(
          keysOf(await storage.list("", { limit: 10, after: keys[31] })),
          living.slice(11),
          "a page behind an expired key",
        );
        equal(keysOf(await storage.search({ limit: 5, offset: 5 })), living.slice(5, 10), "a page of a search");
        equal(keysOf(await collect(storage.scan())), living, "a scan");
      },
    },
    {
      name: "an expiration in the past makes an item that is absent at once",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", "before");
        await storage.save("k", "after", { expiration: context.clock.in(-1) });
        equal(await storage.load("k"), undefined, "the value");
        await storage.save("k", "again", { ifVersion: null });
        equal(await storage.load("k"), "again", "the value saved on top");
      },
    },
    {
      name: "every instant that a Date can hold may be an expiration",
      async run(context) {
        const storage = await context.open();
        for (const time of [8_640_000_000_000_000, 253_402_300_800_000, context.clock.now() + 1]) {
          const item = await storage.save("k", 1, { expiration: new Date(time) });
          equal(item.expiration, new Date(time), "the expiration that save returned");
          equal((await storage.stat("k"))?.expiration, new Date(time), "the expiration stored");
        }
        for (const time of [-8_640_000_000_000_000, -1, 0]) {
          await storage.save("k", 1, { expiration: new Date(time) });
          equal(await storage.exists("k"), false, `whether it lives with the expiration ${time}`);
        }
      },
    },
    {
      name: "an overwrite takes the expiration away or moves it",
      async run(context) {
        const storage = await context.open();
        const soon = { expiration: context.clock.in(10) };
        await storage.save("freed", 1, soon);
        await storage.save("freed", 2);
        await storage.save("moved", 1, soon);
        await storage.save("moved", 2, { expiration: context.clock.in(100) });
        await storage.save("streamed", 1, soon);
        await storage.saveStream("streamed", inPieces(new Uint8Array(2), 1));
        context.clock.advance(50);
        equal(keysOf(await storage.list()), ["freed", "moved", "streamed"], "what lives after the first expiration");
        context.clock.advance(50);
        equal(keysOf(await storage.list()), ["freed", "streamed"], "what lives after the second");
      },
    },
    {
      name: "sweep removes what has expired, counts it and leaves the rest alone",
      async run(context) {
        const storage = await context.open();
        const keys = Array.from({ length: 30 }, (_, index) => `k${String(index).padStart(2, "0")}`);
        await Promise.all(keys.map((key, index) => storage.save(key, index, { expiration: context.clock.in(index) })));
        const forever = await storage.save("forever", 1);
        context.clock.advance(20);
        equal(await storage.sweep(), 21, "the first sweep");
        equal(await storage.sweep(), 0, "the second sweep");
        equal(keysOf(await storage.list()), ["forever", ...keys.slice(21)], "what is left");
        context.clock.advance(-20);
        equal(
          keysOf(await storage.list("k")),
          keys.slice(21),
          "what is there when the clock is set back: swept is gone",
        );
        equal(await storage.stat("forever"), forever, "an item without expiration");
      },
    },
    {
      name: "a sweep never removes what was written afresh meanwhile",
      async run(context) {
        const [sweeper, writer] = [await context.open(), await context.open()];
        const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
        await Promise.all(keys.map((key) => writer.save(key, "old", { expiration: context.clock.in(10) })));
        context.clock.advance(10);
        const sweeping = [sweeper.sweep(), sweeper.sweep(), writer.sweep()];
        await Promise.all(keys.map((key) => writer.save(key, "fresh")));
        const swept = (await Promise.all(sweeping)).reduce((sum, count) => sum + count, 0);
        ok(swept <= keys.length, `no item is counted twice: ${swept} of ${keys.length}`);
        for (const key of keys) equal(await sweeper.load(key), "fresh", `the value of ${key}`);
        equal(await sweeper.count(), keys.length, "items");
      },
    },
    {
      name: "a sweep never removes what was written afresh between its look and its delete",
      async run(context) {
        const writer = await context.open();
        const soon = { expiration: context.clock.in(10) };
        for (const key of ["a", "b", "c"]) await writer.save(key, "old", soon);
        context.clock.advance(10);
        const sweeper = await context.open({
          through: (adapter) =>
            replacing(adapter, {
              async delete(key, ...rest) {
                if (key.endsWith("b")) await writer.save("b", "fresh");
                return adapter.delete(key, ...rest);
              },
            }),
        });
        equal(await sweeper.sweep(), 2, "how many were swept");
        equal(await writer.load("b"), "fresh", "the value that was written meanwhile");
        equal(keysOf(await writer.list()), ["b"], "what is left");
      },
    },
    {
      name: "a swept key goes on with greater versions and may be created again",
      async run(context) {
        const storage = await context.open();
        const old = await storage.save("k", 1, { expiration: context.clock.in(10) });
        context.clock.advance(10);
        await storage.sweep();
        const fresh = await storage.save("k", 2, { ifVersion: null });
        ok(fresh.version > old.version, "the version is greater");
        equal(defined(await storage.stat("k"), "the item").created, context.clock.in(0), "created");
      },
    },
  ],
};
