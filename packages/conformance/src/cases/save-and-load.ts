import { defined, equal, ok } from "../assert.js";
import { collect, inPieces, keysOf } from "../collect.js";
import type { Context } from "../context.js";
import type { Theme } from "../suite.js";

export const saveAndLoad: Theme = {
  name: "save and load",
  cases: [
    {
      name: "loads what was saved, and save tells all about it",
      async run(context) {
        const storage = await context.open();
        const item = await storage.save("notes/first", { text: "hello" });
        const { version, checksum, storedSize, compressed, ...rest } = item;
        equal(
          rest,
          {
            key: "notes/first",
            size: 16,
            format: "json",
            created: context.clock.in(0),
            modified: context.clock.in(0),
            tags: [],
            metadata: {},
            encrypted: isEncrypted(context),
          },
          "the item",
        );
        ok(version.length > 0, "a version is not empty");
        ok(/^[0-9a-f]{64}$/.test(checksum), `a checksum is 64 hex digits, not ${checksum}`);
        equal(compressed, false, "whether a value that gzip cannot shorten is compressed");
        // Encrypted, it is longer by one tag.
        equal(storedSize, isEncrypted(context) ? 32 : 16, "storedSize");
        equal(await storage.load("notes/first"), { text: "hello" }, "the loaded value");
      },
    },
    {
      name: "stat, list, scan and search show the item as save returned it",
      async run(context) {
        const storage = await context.open();
        const item = await storage.save(
          "a/b",
          { x: 1 },
          { tags: ["t", "u"], metadata: { deep: { list: [1, "x", null] } }, expiration: context.clock.in(1000) },
        );
        equal(await storage.stat("a/b"), item, "stat");
        equal(await storage.list("a/"), [item], "list");
        equal(await collect(storage.scan("a/")), [item], "scan");
        equal(await storage.search({ tags: ["t"] }), [item], "search");
        equal(await storage.exists("a/b"), true, "exists");
      },
    },
    {
      name: "an absent key is undefined, not an error",
      async run(context) {
        const storage = await context.open();
        await storage.save("present/child", 1);
        equal(await storage.load("present"), undefined, "load");
        equal(await storage.stat("present"), undefined, "stat");
        equal(await storage.exists("present"), false, "exists");
        equal(await storage.loadStream("present"), undefined, "loadStream");
        equal(await storage.delete("present"), false, "delete");
        equal(await storage.load("present/child"), 1, "the item beside it");
      },
    },
    {
      name: "an empty store is empty for every question",
      async run(context) {
        const storage = await context.open();
        equal(await storage.list(), [], "list");
        equal(await collect(storage.scan()), [], "scan");
        equal(await storage.search({}), [], "search");
        equal(await storage.count(), 0, "count");
        equal(await storage.sweep(), 0, "sweep");
      },
    },
    {
      name: "save replaces the whole item: data, tags, metadata, expiration and format",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", new Uint8Array([1, 2, 3]), {
          tags: ["old", "kept?"],
          metadata: { old: 1, kept: true },
          expiration: context.clock.in(60_000),
        });
        const item = await storage.save("k", { fresh: true }, { tags: ["new"], metadata: { fresh: 1 } });
        equal(item.tags, ["new"], "tags");
        equal(item.metadata, { fresh: 1 }, "metadata");
        equal(item.format, "json", "format");
        ok(!("expiration" in item), "the expiration is gone");
        equal(await storage.load("k"), { fresh: true }, "the value");
        equal(await storage.stat("k"), item, "stat");
        equal(await storage.search({ tags: ["old"] }), [], "search by a tag that was replaced");
        equal(await storage.count({ where: { kept: true } }), 0, "count by metadata that was replaced");
        context.clock.advance(120_000);
        equal(await storage.load("k"), { fresh: true }, "the value after the replaced expiration");
        const bare = await storage.save("k", 1);
        equal([bare.tags, bare.metadata], [[], {}], "tags and metadata after a save that names none");
      },
    },
    {
      name: "an overwrite keeps the creation of a living item and moves its modification",
      async run(context) {
        const storage = await context.open();
        const first = await storage.save("k", 1);
        context.clock.advance(5_000);
        const second = await storage.save("k", 2);
        equal(second.created, first.created, "created");
        equal(second.modified, context.clock.in(0), "modified");
        context.clock.advance(5_000);
        await storage.update("k", () => 3);
        await storage.saveStream("k", inPieces(new Uint8Array(4), 2));
        const last = defined(await storage.stat("k"), "stat");
        equal(last.created, first.created, "created after update and saveStream");
      },
    },
    {
      name: "a key that was deleted is created anew",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1);
        context.clock.advance(5_000);
        await storage.delete("k");
        context.clock.advance(5_000);
        const item = await storage.save("k", 2);
        equal(item.created, context.clock.in(0), "created");
        equal(await storage.stat("k"), item, "stat");
      },
    },
    {
      name: "a key that has expired is created anew",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1, { expiration: context.clock.in(1_000) });
        context.clock.advance(5_000);
        const item = await storage.save("k", 2);
        equal(item.created, context.clock.in(0), "created");
        equal(await storage.stat("k"), item, "stat");
      },
    },
    {
      name: "delete removes the item from every view and tells whether something was there",
      async run(context) {
        const storage = await context.open();
        await storage.save("a", "text", { tags: ["t"], metadata: { m: 1 } });
        await storage.save("b", "text");
        equal(await storage.delete("a"), true, "the first delete");
        equal(await storage.delete("a"), false, "the second delete");
        equal(await storage.load("a"), undefined, "load");
        equal(await storage.stat("a"), undefined, "stat");
        equal(await storage.exists("a"), false, "exists");
        equal(await storage.loadStream("a"), undefined, "loadStream");
        equal(keysOf(await storage.list()), ["b"], "list");
        equal(keysOf(await collect(storage.scan())), ["b"], "scan");
        equal(await storage.search({ tags: ["t"] }), [], "search by tag");
        equal(await storage.search({ where: { m: 1 } }), [], "search by metadata");
        equal(await storage.search({ text: "a" }), [], "search by text");
        equal(await storage.count(), 1, "count");
        await storage.save("a", "again");
        equal(await storage.load("a"), "again", "the value saved afterwards");
      },
    },
    {
      name: "many saves at once all land, each with its own value",
      async run(context) {
        const storage = await context.open();
        const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
        await Promise.all(keys.map((key) => storage.save(key, { key }, { tags: [key] })));
        equal(
          await Promise.all(keys.map((key) => storage.load(key))),
          keys.map((key) => ({ key })),
          "the values",
        );
        equal(await storage.count(), 200, "count");
      },
    },
    {
      name: "saves of one key at once leave one of them, whole",
      async run(context) {
        const storage = await context.open();
        const values = Array.from({ length: 40 }, (_, index) => String(index).repeat(1 + index * 50));
        const items = await Promise.all(
          values.map((value, index) => storage.save("k", value, { tags: [String(index)] })),
        );
        const standing = defined(await storage.stat("k"), "stat");
        const winner = items.findIndex((item) => item.version === standing.version);
        ok(winner >= 0, "the version that stands is one that a save returned");
        equal(standing, items[winner], "the item that stands");
        equal(await storage.load("k"), values[winner], "the value that stands");
        const greatest = items
          .map((item) => item.version)
          .sort()
          .at(-1);
        equal(standing.version, greatest, "the version that stands, against the greatest one returned");
      },
    },
    {
      name: "writes of one key that nobody awaits take effect in the order of their calls, large or small",
      async run(context) {
        const storage = await context.open();
        const large = new Uint8Array(3 * 2 ** 20).fill(7);
        await Promise.all([storage.save("k", large), storage.save("k", "small")]);
        equal(await storage.load("k"), "small", "what was saved behind a large value");
        await Promise.all([storage.save("k", large), storage.delete("k")]);
        equal(await storage.exists("k"), false, "whether what was deleted behind a large save is there");
        await storage.save("k", "old");
        await Promise.all([storage.delete("k"), storage.save("k", "new")]);
        equal(await storage.load("k"), "new", "what was saved behind a deletion");
        await Promise.all([storage.save("k", "small"), storage.save("k", large), storage.save("other", 1)]);
        equal((await storage.stat("k"))?.size, large.length, "the size of what was saved last");
        await Promise.all([storage.save("k", large), storage.saveStream("k", inPieces(new Uint8Array(10), 4))]);
        equal((await storage.stat("k"))?.size, 10, "the size of what was streamed behind a large value");
      },
    },
    {
      name: "equal stored bytes have equal checksums, others do not; encrypted, no two are equal",
      async run(context) {
        const storage = await context.open();
        const one = await storage.save("one", { a: 1 }, { tags: ["x"] });
        const same = await storage.save("same", { a: 1 });
        const other = await storage.save("other", { a: 2 });
        equal(same.checksum === one.checksum, !isEncrypted(context), "whether the same value has the same checksum");
        ok(other.checksum !== one.checksum, "another value has another checksum");
      },
    },
    {
      name: "what one opening saved, another one loads",
      async run(context) {
        const [one, other] = [await context.open(), await context.open()];
        const item = await one.save("k", { from: "one" }, { tags: ["t"] });
        equal(await other.load("k"), { from: "one" }, "load through the other");
        equal(await other.stat("k"), item, "stat through the other");
        await other.save("k", { from: "other" });
        equal(await one.load("k"), { from: "other" }, "load through the first");
        equal(await one.delete("k"), true, "delete through the first");
        equal(await other.exists("k"), false, "exists through the other");
        equal(await other.search({}), [], "search through the other");
      },
    },
  ],
};

function isEncrypted({ mode }: Context): boolean {
  return mode.settings.encryption !== undefined;
}
