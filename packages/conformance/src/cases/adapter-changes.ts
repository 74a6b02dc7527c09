import { BEFORE_ALL_TIME, type FeedEntry, type StorageAdapter } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { withoutCursor } from "../change-log.js";
import type { Context } from "../context.js";
import { pageBehind, readFeed } from "../read-feed.js";
import { call, deleteInBatch, EXPIRED, NOW, putInBatch, recordOf, versionOf } from "../samples/records.js";
import { macrotask } from "../simulation/simulated-ports.js";
import { bothOf, type Case, feeding, forgettingFeed, type Need, persistence, type Theme, watching } from "../suite.js";
import { Aside, settle, until } from "../turns.js";

const NO_CURSORS = ["", " ", "!", "nonsense", "{}", "\u0000", "-1", "x".repeat(5_000)];

/** Obligations of the feed. */
export const adapterChanges: Theme = {
  name: "adapter: changes",
  cases: [
    feed("tells each committed write once, in the order of the commits, and nothing else", async (context) => {
      const [adapter, other] = [await context.openAdapter(), await context.openAdapter()];
      equal(await readFeed(adapter), [], "the feed of a new store");
      await put(adapter, "a", 1);
      await put(other, "b", 2);
      await put(adapter, "a", 3);
      // Neither an older version, nor the same again, nor a condition that does not hold writes anything.
      await put(adapter, "a", 2);
      await put(adapter, "a", 3);
      await adapter.put(recordOf(adapter, "a", versionOf(4)), { expect: "absent", now: NOW }, call);
      await adapter.delete("a", { version: versionOf(4), expect: versionOf(1), now: NOW }, call);
      await adapter.delete("never", { version: versionOf(4), expect: "any", now: NOW }, call);
      await other.delete("a", { version: versionOf(5), expect: "any", now: NOW }, call);
      await adapter.delete("a", { version: versionOf(6), expect: "any", now: NOW }, call);
      await adapter.put(
        recordOf(adapter, "e", versionOf(7), { expiration: EXPIRED }),
        { expect: "any", now: NOW },
        call,
      );
      await adapter.delete("e", { version: versionOf(8), expect: versionOf(7), now: BEFORE_ALL_TIME }, call);
      await put(other, "a", 9);
      const expected = [
        { type: "save", key: "a", version: versionOf(1) },
        { type: "save", key: "b", version: versionOf(2) },
        { type: "save", key: "a", version: versionOf(3) },
        { type: "delete", key: "a", version: versionOf(5) },
        { type: "save", key: "e", version: versionOf(7) },
        { type: "delete", key: "e", version: versionOf(8) },
        { type: "save", key: "a", version: versionOf(9) },
      ];
      const entries = await readFeed(adapter);
      equal(entries.map(withoutCursor), expected, "the entries");
      equal(new Set(entries.map(({ cursor }) => cursor)).size, expected.length, "cursors that differ");
      equal(await readFeed(other), entries, "the entries as the other adapter tells them");
    }),
    feed("follows the commits, whatever order the versions have", async (context) => {
      const adapter = await context.openAdapter();
      const numbers = [50, 10, 40, 20, 30];
      for (const number of numbers) await put(adapter, `k${number}`, number);
      equal(
        (await readFeed(adapter)).map(({ version }) => version),
        numbers.map(versionOf),
        "the versions in the order of the feed",
      );
    }),
    feed("tells each operation of a batch that wrote, and none of one that was refused", async (context) => {
      const adapter = await context.openAdapter();
      if (context.capabilities.batch === "none") return equal(adapter.batch, undefined, "the method batch");
      await put(adapter, "gone", 1);
      await put(adapter, "stays", 2);
      const start = await lastCursor(adapter);
      const puts = [
        putInBatch(recordOf(adapter, "a", versionOf(10))),
        putInBatch(recordOf(adapter, "b", versionOf(11))),
      ];
      await adapter.batch?.([...puts, deleteInBatch("gone", versionOf(12)), deleteInBatch("never", versionOf(13))], {
        now: NOW,
        ...call,
      });
      const refused = putInBatch(recordOf(adapter, "stays", versionOf(21)), "absent");
      if (context.capabilities.batch === "atomic") {
        await adapter.batch?.([putInBatch(recordOf(adapter, "c", versionOf(20))), refused], { now: NOW, ...call });
      }
      const told = (await readFeed(adapter, start)).map(({ type, key, version }) => `${type} ${key} ${version}`);
      equal(
        told.sort(),
        [`delete gone ${versionOf(12)}`, `save a ${versionOf(10)}`, `save b ${versionOf(11)}`],
        "the entries behind the batch",
      );
    }),
    feed("goes on behind any cursor, in pages of any size", async (context) => {
      const adapter = await context.openAdapter();
      for (let number = 1; number <= 12; number++) await put(adapter, `k${number % 5}`, number);
      const all = await readFeed(adapter);
      equal(all.length, 12, "entries");
      for (const [index, { cursor }] of all.entries()) {
        for (const limit of [1, 2, 5, 11, 1_000]) {
          equal(
            await readFeed(adapter, cursor, limit),
            all.slice(index + 1),
            `the entries behind ${index}, ${limit} a page`,
          );
        }
        const page = await pageBehind(adapter, cursor, 3);
        equal(page, all.slice(index + 1, index + 1 + page.length), `a page of at most three behind ${index}`);
        ok(page.length > 0 || index === all.length - 1, `there is something on the page behind ${index}`);
      }
      equal(await readFeed(adapter, undefined, 5), all, "the entries from the beginning, five a page");
    }),
    feed("has a last cursor, also before the first write, behind which the next one comes", async (context) => {
      const [adapter, other] = [await context.openAdapter(), await context.openAdapter()];
      const beginning = await lastCursor(adapter);
      equal(await readFeed(adapter, beginning), [], "what is behind the beginning of an empty feed");
      await put(adapter, "a", 1);
      await put(other, "b", 2);
      const all = await readFeed(adapter);
      equal(await readFeed(other, beginning), all, "what is behind the beginning once there is something");
      const last = await lastCursor(adapter);
      equal([last, await lastCursor(other)], [all[1]?.cursor, all[1]?.cursor], "the cursor of the newest write");
      equal(await readFeed(adapter, last), [], "what is behind the newest write");
      await adapter.delete("never", { version: versionOf(3), expect: "any", now: NOW }, call);
      equal(await lastCursor(adapter), last, "the cursor after what wrote nothing");
      await put(other, "a", 4);
      equal((await readFeed(adapter, last)).map(withoutCursor), [save("a", 4)], "what was written since");
    }),
    feed("asks for a fresh start where a cursor is of another store, and refuses what is none", async (context) => {
      const elsewhere = await context.elsewhere();
      const [adapter, stranger] = [await context.openAdapter(), await elsewhere.openAdapter()];
      const beginning = await lastCursor(stranger);
      for (let number = 1; number <= 5; number++) {
        await put(adapter, `k${number}`, number);
        await put(stranger, `k${number}`, number);
      }
      const all = await readFeed(adapter);
      for (const cursor of [beginning, ...(await readFeed(stranger)).map((entry) => entry.cursor)]) {
        const page = await adapter.changes?.({ after: cursor, limit: 10 }, call);
        equal(page, { outcome: "resync" }, "what is behind a cursor of another store");
      }
      for (const after of [...NO_CURSORS, `${all[0]?.cursor}!`, `!${all[0]?.cursor}`]) {
        await rejects("INVALID_OPTION", `changes behind ${JSON.stringify(after)}`, async () =>
          adapter.changes?.({ after, limit: 10 }, call),
        );
      }
      equal(await readFeed(adapter), all, "the feed afterwards");
    }),
    feed("skips none and repeats none for who reads while several write", async (context) => {
      const writers = await Promise.all([0, 1, 2].map(() => context.openAdapter()));
      const reader = await context.openAdapter();
      const COUNT = 150;
      const written = new Aside(
        Promise.all(
          writers.map(async (writer, which) => {
            for (let index = 0; index < COUNT; index++) {
              const number = index * writers.length + which;
              // In twos, so that commits of one adapter meet as well.
              await Promise.all([put(writer, `w${which}.${index}`, number), put(writer, `shared${index % 3}`, number)]);
              // Writes that are answered at once would be over before anybody reads.
              if (index % writers.length === which) await macrotask();
            }
          }),
        ),
      );
      const seen: FeedEntry[] = [];
      while (!written.isOver) {
        seen.push(...(await pageBehind(reader, seen.at(-1)?.cursor, 7)));
        await settle();
      }
      await written.done;
      seen.push(...(await readFeed(reader, seen.at(-1)?.cursor, 7)));
      equal(seen, await readFeed(reader), "what was told page by page, against the feed in one pass");
      const own = seen.filter(({ key }) => key.startsWith("w"));
      equal(new Set(own.map(({ key }) => key)).size, own.length, "keys that were written once, each told once");
      equal(own.length, COUNT * writers.length, "keys that were written once");
      for (const which of writers.keys()) {
        const versions = own.filter(({ key }) => key.startsWith(`w${which}.`)).map(({ version }) => version);
        equal(versions, [...versions].sort(), `what writer ${which} wrote one after the other`);
      }
      for (const key of ["shared0", "shared1", "shared2"]) {
        const versions = seen.filter((entry) => entry.key === key).map(({ version }) => version);
        equal(versions, [...new Set(versions)].sort(), `the versions of ${key}, each once, upwards`);
      }
    }),
    feed("holds what was acknowledged before it is asked", async (context) => {
      const [writer, reader] = [await context.openAdapter(), await context.openAdapter()];
      let cursor = await lastCursor(reader);
      for (let number = 1; number <= 20; number++) {
        await put(writer, "k", number);
        const [entry, ...others] = await readFeed(reader, cursor);
        equal([entry?.version, others], [versionOf(number), []], "what is told of a write just acknowledged");
        cursor = defined(entry, "the entry").cursor;
      }
    }),
    feed(
      "is what watch tells: the same entries, in the same order, with the same cursors",
      async (context) => {
        const [adapter, other] = [await context.openAdapter(), await context.openAdapter()];
        await put(adapter, "before", 1);
        const start = await lastCursor(adapter);
        const told: unknown[] = [];
        await adapter.watch?.((change) => told.push(change));
        await Promise.all(
          Array.from({ length: 30 }, (_, index) => put(index % 2 === 0 ? adapter : other, `k${index % 7}`, index + 2)),
        );
        await adapter.delete("k1", { version: versionOf(100), expect: "any", now: NOW }, call);
        if (context.capabilities.batch === "atomic") {
          const writes = ["x", "y", "z"].map((key, index) =>
            putInBatch(recordOf(adapter, key, versionOf(110 + index))),
          );
          await other.batch?.(writes, { now: NOW, ...call });
        }
        const entries = await readFeed(adapter, start);
        await until(() => told.length >= entries.length);
        await settle();
        equal(told, entries, "what was watched, against the feed");
      },
      watching,
    ),
    feed(
      "goes on behind a cursor from before the store was closed",
      async (context) => {
        const first = await context.openAdapter();
        const beginning = await lastCursor(first);
        await put(first, "a", 1);
        await put(first, "b", 2);
        const before = await readFeed(first);
        await context.close();
        const second = await context.openAdapter();
        equal(await lastCursor(second), before[1]?.cursor, "the last cursor after reopening");
        await second.delete("a", { version: versionOf(3), expect: "any", now: NOW }, call);
        const all = await readFeed(second);
        equal(all.slice(0, 2), before, "the entries from before");
        equal(
          all.slice(2).map(withoutCursor),
          [{ type: "delete", key: "a", version: versionOf(3) }],
          "the entry since",
        );
        equal(await readFeed(second, beginning), all, "what is behind the beginning");
        equal(await readFeed(second, before[0]?.cursor), all.slice(1), "what is behind the first");
      },
      persistence,
    ),
    {
      name: "asks for a fresh start where it has forgotten, and never passes over it in silence",
      once: true,
      needs: forgettingFeed,
      async otherwise(context) {
        if (context.capabilities.changes === "none") return hasNoFeed(context);
        const adapter = await context.openAdapter();
        const beginning = await lastCursor(adapter);
        for (let number = 1; number <= 200; number++) await put(adapter, "k", number);
        equal((await readFeed(adapter)).length, 200, "entries of a feed that never forgets");
        equal((await readFeed(adapter, beginning)).length, 200, "entries behind its beginning");
      },
      async run(context) {
        const adapter = await context.openAdapter();
        const beginning = await lastCursor(adapter);
        for (let number = 1; number <= 5; number++) await put(adapter, `k${number}`, number);
        const before = await readFeed(adapter);
        await context.backing.forgetFeed?.();
        const tooOld = [undefined, beginning, ...before.slice(0, -1).map(({ cursor }) => cursor)];
        for (const after of tooOld) {
          const page = await adapter.changes?.({ after, limit: 10 }, call);
          equal(
            page,
            { outcome: "resync" },
            `what is behind ${after === undefined ? "no cursor" : "a forgotten entry"}`,
          );
        }
        const last = defined(before.at(-1), "the last entry").cursor;
        equal(await lastCursor(adapter), last, "the last cursor");
        equal(await readFeed(adapter, last), [], "what is behind the newest entry");
        await put(adapter, "k6", 6);
        equal((await readFeed(adapter, last)).map(withoutCursor), [save("k6", 6)], "what was written since");
      },
    },
    feed("gives answers that belong to who asked: spoiling one spoils nothing else", async (context) => {
      const adapter = await context.openAdapter();
      await put(adapter, "k", 1);
      for (const entry of await pageBehind(adapter, undefined, 10)) Object.assign(entry, { key: "spoilt", cursor: "" });
      equal((await readFeed(adapter)).map(withoutCursor), [save("k", 1)], "the entries");
    }),
  ],
};

function feed(name: string, run: Case["run"], also?: Need): Case {
  const needs = also === undefined ? feeding : bothOf(feeding, also);
  return { name, once: true, needs, run, otherwise: hasNoFeed };
}

/** Without a feed there is no method to ask; where something else is missing, the feed is there all the same. */
async function hasNoFeed(context: Context): Promise<void> {
  const adapter = context.backing.adapter();
  const isThere = context.capabilities.changes === "native";
  ok((adapter.changes !== undefined) === isThere, `the adapter ${isThere ? "has" : "has no"} method changes`);
  ok((adapter.lastCursor !== undefined) === isThere, `the adapter ${isThere ? "has" : "has no"} method lastCursor`);
}

async function put(adapter: StorageAdapter, key: string, number: number): Promise<void> {
  await adapter.put(recordOf(adapter, key, versionOf(number)), { expect: "any", now: NOW }, call);
}

async function lastCursor(adapter: StorageAdapter): Promise<string> {
  const cursor = await adapter.lastCursor?.(call);
  equal(typeof cursor, "string", "the type of the last cursor");
  return defined(cursor, "the last cursor");
}

function save(key: string, number: number): Record<string, unknown> {
  return { type: "save", key, version: versionOf(number) };
}
