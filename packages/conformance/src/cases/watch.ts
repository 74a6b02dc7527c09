import type { Change, StorageItem } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { ChangeLog, withoutCursor } from "../change-log.js";
import { inPieces } from "../collect.js";
import { atomicBatches, bothOf, type Case, type Theme, watching } from "../suite.js";
import { refusesBatches, refusesWatch } from "./refusals.js";

const END = "~end";

export const watch: Theme = {
  name: "watch",
  cases: [
    watched("tells of each committed write exactly once, in order for each key", async (context) => {
      const storage = await context.open();
      const log = await ChangeLog.start(storage);
      const expected: Change[] = [];
      const saved = (item: StorageItem | undefined) => {
        const { key, version } = defined(item, "the item");
        expected.push({ type: "save", key, version, origin: "self" });
      };
      saved(await storage.save("a", 1));
      saved(await storage.save("a", 2));
      saved(await storage.update<number>("a", (current = 0) => current + 1));
      saved(await storage.saveStream("b", inPieces(new Uint8Array(10), 3)));
      await storage.delete("a");
      saved(await storage.save("a", 3));
      const changes = await log.endedBy(storage, END);
      const deletion = changes.find(({ type }) => type === "delete");
      ok(
        deletion !== undefined && deletion.version > (expected[2]?.version ?? ""),
        "a delete has a version above what it removed",
      );
      expected.splice(4, 0, { type: "delete", key: "a", version: deletion.version, origin: "self" });
      for (const key of ["a", "b"]) {
        const ofKey = (change: Change) => change.key === key;
        equal(changes.filter(ofKey).map(withoutCursor), expected.filter(ofKey), `the changes of ${key}`);
      }
      equal(changes.length, expected.length, "how many changes");
    }),
    watched("tells nothing of what changed nothing", async (context) => {
      const storage = await context.open();
      await storage.save("k", 1);
      await storage.save("expired", 1, { expiration: context.clock.in(-1) });
      const log = await ChangeLog.start(storage);
      await rejects("CONFLICT", "a save", () => storage.save("k", 2, { ifVersion: null }));
      await rejects("INVALID_VALUE", "a save", () => storage.save("k", Number.NaN));
      await rejects("CONFLICT", "a delete", () => storage.delete("k", { ifVersion: "other" }));
      await storage.delete("absent");
      await storage.delete("expired");
      await storage.update("k", () => undefined);
      await storage.load("k");
      await storage.list();
      await storage.search({ text: "k" });
      equal(await log.endedBy(storage, END), [], "the changes");
    }),
    watched("tells nothing of what was written before, and nothing more after unwatch", async (context) => {
      const storage = await context.open();
      await storage.save("before", 1);
      const stopped = await ChangeLog.start(storage);
      const log = await ChangeLog.start(storage);
      await storage.save("during", 1);
      const changes = await log.endedBy(storage, END);
      equal(
        changes.map(({ key }) => key),
        ["during"],
        "the changes",
      );
      await stopped.until(END, defined(await storage.stat(END), "the end").version);
      await stopped.unwatch();
      await stopped.unwatch();
      await storage.save("after", 1);
      equal(
        (await log.endedBy(storage, END)).map(({ key }) => key),
        ["during", "after"],
        "the changes that the other is told",
      );
      equal(
        stopped.changes.map(({ key }) => key),
        ["during", END],
        "the changes told until unwatch",
      );
    }),
    watched("tells each watcher of the keys below its literal prefix", async (context) => {
      const storage = await context.open();
      const prefixes = ["", "a", "a_", "a/", "a/b", "A", "%"];
      const logs = await Promise.all(prefixes.map((prefix) => ChangeLog.start(storage, prefix)));
      const keys = ["a", "a/b", "a/b/c", "a_b", "aXb", "b", "A"];
      for (const key of keys) await storage.save(key, 1);
      await storage.delete("a_b");
      await defined(logs[0], "the first log").endedBy(storage, END);
      for (const [index, prefix] of prefixes.entries()) {
        const told = logs[index]?.changes.map(({ key }) => key).filter((key) => key !== END);
        equal(
          [...(told ?? [])].sort(),
          [...keys, "a_b"].filter((key) => key.startsWith(prefix)).sort(),
          `the keys below ${prefix}`,
        );
      }
    }),
    watched("tells of what another opening writes, as a peer's", async (context) => {
      const [one, other] = [await context.open(), await context.open()];
      const log = await ChangeLog.start(one);
      const theirs = await other.save("k", 1);
      await log.until("k", theirs.version);
      const mine = await one.save("k", 2);
      await log.until("k", mine.version);
      await other.delete("k");
      const changes = await log.endedBy(other, END);
      equal(
        changes.map(({ type, key, origin }) => [type, key, origin]),
        [
          ["save", "k", "peer"],
          ["save", "k", "self"],
          ["delete", "k", "peer"],
        ],
        "the changes",
      );
      equal([changes[0]?.version, changes[1]?.version], [theirs.version, mine.version], "their versions");
    }),
    {
      name: "tells of each operation of a batch",
      needs: bothOf(watching, atomicBatches),
      async otherwise(context) {
        await (context.capabilities.watch === "none" ? refusesWatch(context) : refusesBatches(context));
      },
      async run(context) {
        const storage = await context.open();
        await storage.save("gone", 1);
        const log = await ChangeLog.start(storage);
        await rejects("CONFLICT", "a batch", () =>
          storage.batch([
            { type: "save", key: "never", data: 1 },
            { type: "save", key: "gone", data: 1, options: { ifVersion: null } },
          ]),
        );
        await storage.batch([
          { type: "save", key: "new", data: 1 },
          { type: "delete", key: "gone" },
          { type: "delete", key: "absent" },
        ]);
        const changes = await log.endedBy(storage, END);
        equal(changes.map(({ type, key }) => `${type} ${key}`).sort(), ["delete gone", "save new"], "the changes");
      },
    },
    watched("tells of what a sweep removes", async (context) => {
      const storage = await context.open();
      await storage.save("k", 1, { expiration: context.clock.in(10) });
      context.clock.advance(10);
      const log = await ChangeLog.start(storage);
      await storage.sweep();
      const changes = await log.endedBy(storage, END);
      equal(
        changes.map(({ type, key }) => [type, key]),
        [["delete", "k"]],
        "the changes",
      );
    }),
    watched("what was told is there to be read", async (context) => {
      const [writer, reader] = [await context.open(), await context.open()];
      const reads: Promise<unknown>[] = [];
      await reader.watch("k", ({ key }) => reads.push(reader.load(key)));
      const log = await ChangeLog.start(reader);
      await writer.save("k", "written");
      await log.endedBy(writer, END);
      equal(await Promise.all(reads), ["written"], "what a listener loads");
    }),
    watched("the same listener may watch twice, and ends once for each", async (context) => {
      const storage = await context.open();
      let calls = 0;
      const listener = () => void calls++;
      const [first] = [await storage.watch("k", listener), await storage.watch("k", listener)];
      const log = await ChangeLog.start(storage);
      await storage.save("k", 1);
      await log.endedBy(storage, END);
      equal(calls, 2, "calls with two watches");
      await first();
      await storage.save("k", 2);
      await log.endedBy(storage, END);
      equal(calls, 3, "calls after one of them ended");
    }),
    watched("a change belongs to whom it was told to: spoiling it spoils no other's", async (context) => {
      const storage = await context.open();
      await storage.watch("", (change) => Object.assign(change, { key: "spoilt" }));
      const log = await ChangeLog.start(storage);
      await storage.save("k", 1);
      equal(
        (await log.endedBy(storage, END)).map(({ key }) => key),
        ["k"],
        "the changes that the next watcher is told",
      );
    }),
    watched("takes no other listener than a function", async (context) => {
      const storage = await context.open();
      for (const listener of [undefined, null, {}, "listener"] as never[]) {
        await rejects("INVALID_OPTION", "a listener that is no function", () => storage.watch("", listener));
      }
    }),
    watched("tells nothing more once the storage is closed", async (context) => {
      const [one, other] = [await context.open(), await context.open()];
      const log = await ChangeLog.start(one);
      const control = await ChangeLog.start(other);
      await one.close();
      await other.save("k", 1);
      await control.endedBy(other, END);
      equal(log.changes, [], "the changes");
      await log.unwatch();
    }),
  ],
};

function watched(name: string, run: Case["run"]): Case {
  return { name, needs: watching, run, otherwise: refusesWatch };
}
