import { StorageError } from "@holdfast/core";
import { equal, ok, rejects } from "../assert.js";
import { ChangeLog } from "../change-log.js";
import { collect, inPieces, keysOf, readAll } from "../collect.js";
import { atomicBatches, type Theme, watching } from "../suite.js";
import { refusesBatches, refusesWatch } from "./refusals.js";

export const namespace: Theme = {
  name: "namespace",
  cases: [
    {
      name: "is a view of the keys below its prefix, which are relative in it",
      async run(context) {
        const storage = await context.open();
        const view = storage.namespace("users/ann");
        const item = await view.save("notes/1", { a: 1 }, { tags: ["t"], metadata: { m: 1 } });
        await view.saveStream("notes/2", inPieces(new Uint8Array(3), 2));
        equal(item.key, "notes/1", "the key that save returned");
        equal(await storage.stat("users/ann/notes/1"), { ...item, key: "users/ann/notes/1" }, "the item from above");
        equal(await view.stat("notes/1"), item, "stat");
        equal(await view.load("notes/1"), { a: 1 }, "load");
        equal(await view.exists("notes/2"), true, "exists");
        const stream = await view.loadStream("notes/2");
        equal(stream && (await readAll(stream)), new Uint8Array(3), "loadStream");
        equal(keysOf(await view.list()), ["notes/1", "notes/2"], "list");
        equal(keysOf(await view.list("notes/", { after: "notes/1", limit: 1 })), ["notes/2"], "a page of the list");
        equal(keysOf(await collect(view.scan("", { after: "notes/1" }))), ["notes/2"], "scan");
        equal(await view.search({ tags: ["t"], prefix: "notes/1", where: { m: 1 } }), [item], "search");
        equal(await view.count(), 2, "count");
        equal((await view.update("notes/1", () => 2))?.key, "notes/1", "the key that update returned");
        equal(await storage.load("users/ann/notes/1"), 2, "the value from above");
        equal(await view.delete("notes/1"), true, "delete");
        equal(keysOf(await storage.list()), ["users/ann/notes/2"], "the keys from above");
      },
    },
    {
      name: "sees and touches nothing beside it",
      async run(context) {
        const storage = await context.open();
        const beside = ["a", "a_", "a_b0", "a_c/x", "aXb/x", "A_B/x", "a_b.x", "b/a_b/x"];
        for (const key of beside) await storage.save(key, key, { tags: ["t"], expiration: context.clock.in(10) });
        const view = storage.namespace("a_b");
        for (const key of ["x", "b/x", "a_b"]) equal(await view.load(key), undefined, `what is under ${key}`);
        equal(await view.list(), [], "list");
        equal(await view.search({ tags: ["t"] }), [], "search");
        equal(await view.count(), 0, "count");
        equal((await view.verify()).items, 0, "items verified");
        context.clock.advance(10);
        equal(await view.sweep(), 0, "items swept");
        await view.save("x", 1);
        equal(await view.delete("x"), true, "delete");
        equal(await storage.sweep(), beside.length, "items that a sweep from above finds");
      },
    },
    {
      name: "namespaces lie inside one another",
      async run(context) {
        const storage = await context.open();
        const inner = storage.namespace("a").namespace("b/c");
        await inner.save("k", 1);
        equal(await storage.load("a/b/c/k"), 1, "from above");
        equal(await storage.namespace("a/b/c").load("k"), 1, "from a namespace of the same prefix");
        equal(await storage.namespace("a").load("b/c/k"), 1, "from the one between");
        equal(keysOf(await inner.list()), ["k"], "the keys inside");
      },
    },
    {
      name: "its keys are legal when they are so with the prefix, and not longer",
      async run(context) {
        const storage = await context.open();
        const view = storage.namespace("n".repeat(24));
        const longest = "x".repeat(context.maxKeyBytes - 25);
        await view.save(longest, 1);
        equal(await view.load(longest), 1, "the value under the longest key");
        const error = await rejects("INVALID_KEY", "one byte more", () => view.save(`${longest}x`, 1));
        ok(error.message.length > 10, "the message says what is wrong");
        await rejects("INVALID_KEY", "no key at all", () => view.save("", 1));
        await rejects("INVALID_KEY", "a way out", () => view.load("../x"));
      },
    },
    {
      name: "its errors speak of its own keys",
      async run(context) {
        const storage = await context.open();
        const view = storage.namespace("a");
        await view.save("k", 1);
        const error = await rejects("CONFLICT", "a save", () => view.save("k", 2, { ifVersion: null }));
        equal(error.key, "k", "the key of the error");
      },
    },
    {
      name: "batches in it speak of its own keys",
      needs: atomicBatches,
      otherwise: refusesBatches,
      async run(context) {
        const storage = await context.open();
        const view = storage.namespace("a");
        const results = await view.batch([{ type: "save", key: "k", data: 3 }]);
        equal(results, await view.list(), "the answers");
        equal(await storage.load("a/k"), 3, "the value from above");
        const again = () => view.batch([{ type: "save", key: "k", data: 1, options: { ifVersion: null } }]);
        equal((await rejects("CONFLICT", "the same again", again)).key, "k", "the key of the error");
      },
    },
    {
      name: "closing it closes only the view",
      async run(context) {
        const storage = await context.open();
        const [view, twin] = [storage.namespace("a"), storage.namespace("a")];
        const inner = view.namespace("b");
        await inner.save("k", 1);
        await view.close();
        await view.close();
        await rejects("CLOSED", "the closed view", () => view.load("b/k"));
        await rejects("CLOSED", "a view inside it", () => inner.load("k"));
        equal(await twin.load("b/k"), 1, "a view of the same prefix");
        equal(await storage.load("a/b/k"), 1, "the storage itself");
      },
    },
    {
      name: "is closed with the storage that it is a view of",
      async run(context) {
        const storage = await context.open();
        const view = storage.namespace("a");
        await storage.close();
        await rejects("CLOSED", "save", () => view.save("k", 1));
        await rejects("CLOSED", "list", () => view.list());
      },
    },
    {
      name: "is told of changes below it, by its own keys, until it is closed",
      needs: watching,
      otherwise: refusesWatch,
      async run(context) {
        const storage = await context.open();
        const view = storage.namespace("a");
        const log = await ChangeLog.start(view);
        const above = await ChangeLog.start(storage, "a");
        await storage.save("a/k", 1);
        await storage.save("ab", 1);
        await view.save("b/k", 1);
        equal(
          (await log.endedBy(view, "z")).map(({ key }) => key),
          ["k", "b/k"],
          "the keys that the view is told",
        );
        await view.close();
        const told = log.changes.length;
        await storage.save("a/later", 1);
        equal(
          (await above.endedBy(storage, "az")).map(({ key }) => key),
          ["a/k", "ab", "a/b/k", "a/z", "a/later"],
          "the keys from above",
        );
        equal(log.changes.length, told, "how many changes the closed view was told");
      },
    },
    {
      name: "an illegal prefix is refused",
      async run(context) {
        const storage = await context.open();
        for (const prefix of [
          "",
          "/",
          "a/",
          "/a",
          "a//b",
          "..",
          "a\u0000",
          ".holdfast",
          "\ud83d",
          1,
          undefined,
        ] as string[]) {
          let refusal: unknown;
          try {
            storage.namespace(prefix);
          } catch (error) {
            refusal = error;
          }
          ok(
            StorageError.is(refusal, "INVALID_KEY"),
            `the prefix ${JSON.stringify(prefix)} is refused with INVALID_KEY, not ${String(refusal)}`,
          );
        }
      },
    },
  ],
};
