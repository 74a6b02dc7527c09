import type { Change, StorageItem } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { ChangeLog, withoutCursor } from "../change-log.js";
import { collect, inPieces } from "../collect.js";
import { wrongOptions } from "../samples/wrong-options.js";
import { macrotask } from "../simulation/simulated-ports.js";
import { forgettingFeed, persistence, type Theme, watching } from "../suite.js";
import { Aside, settle } from "../turns.js";
import { cursorOf, feed } from "./feed-case.js";
import { refusesOptions } from "./refuses-options.js";

const WRITERS = 3;
const EACH = 60;

/** The durable feed: what was written, in the order of the commits, from any place on. */
export const changes: Theme = {
  name: "changes",
  cases: [
    feed(
      "tells every committed write once, in the order of the commits, deletions and sweeps included",
      async (context) => {
        const storage = await context.open();
        const start = await cursorOf(storage);
        const expected: string[] = [];
        const saved = (item: StorageItem | boolean | undefined) =>
          expected.push(`save ${(item as StorageItem).key} ${(item as StorageItem).version}`);
        saved(await storage.save("a", 1));
        saved(await storage.save("a", 2));
        saved(await storage.update<number>("a", (current = 0) => current + 1));
        saved(await storage.saveStream("b", inPieces(new Uint8Array(10), 3)));
        await storage.delete("b");
        expected.push("delete b");
        saved(await storage.save("b", "again", { ifVersion: null }));
        saved(await storage.save("soon", 1, { expiration: context.clock.in(10) }));
        context.clock.advance(10);
        await storage.sweep();
        expected.push("delete soon");
        if (context.capabilities.batch === "atomic") {
          await storage.batch([
            { type: "delete", key: "b" },
            { type: "delete", key: "absent" },
          ]);
          expected.push("delete b");
          const [first] = await storage.batch([{ type: "save", key: "c", data: 1 }]);
          saved(first);
        }
        const told = await collect(storage.changes(start));
        equal(
          told.map(({ type, key, version }) => (type === "save" ? `save ${key} ${version}` : `delete ${key}`)),
          expected,
          "what is told",
        );
        ok(
          told.every(({ origin }) => origin === "self"),
          "everything was written by this storage",
        );
        equal(new Set(told.map(({ cursor }) => cursor)).size, told.length, "cursors that differ");
      },
    ),
    feed("tells nothing of what changed nothing", async (context) => {
      const storage = await context.open();
      const item = await storage.save("k", 1);
      await storage.save("expired", 1, { expiration: context.clock.in(-1) });
      const start = await cursorOf(storage);
      await rejects("CONFLICT", "a save", () => storage.save("k", 2, { ifVersion: null }));
      await rejects("INVALID_VALUE", "a save", () => storage.save("k", Number.NaN));
      await rejects("CONFLICT", "a delete", () => storage.delete("k", { ifVersion: "other" }));
      await storage.delete("absent");
      await storage.delete("expired");
      await storage.update("k", () => undefined);
      await storage.load("k");
      await storage.search({ text: "k" });
      await collect(storage.changes());
      await storage.verify();
      if (context.capabilities.batch === "atomic") {
        await rejects("CONFLICT", "a batch", () =>
          storage.batch([
            { type: "save", key: "never", data: 1 },
            { type: "save", key: "k", data: 1, options: { ifVersion: null } },
          ]),
        );
      }
      equal(await collect(storage.changes(start)), [], "what is told");
      equal(await cursorOf(storage), start, "where the feed stands");
      equal(await storage.stat("k"), item, "what stands");
    }),
    feed("goes on from any cursor, as often as wanted, and tells the same as in one pass", async (context) => {
      const storage = await context.open();
      for (let number = 0; number < 25; number++) {
        await (number % 6 === 5 ? storage.delete(`k${number % 4}`) : storage.save(`k${number % 4}`, number));
      }
      const all = await collect(storage.changes());
      ok(all.length >= 20, "there is something to tell");
      for (const [index, { cursor }] of all.entries()) {
        equal(await collect(storage.changes(cursor)), all.slice(index + 1), `what is told behind entry ${index}`);
      }
      equal(await collect(storage.changes()), all, "what is told from the beginning, again");
    }),
    feed("ends at what was the newest write when the loop began", async (context) => {
      const storage = await context.open();
      const start = await cursorOf(storage);
      for (let number = 0; number < 5; number++) await storage.save("k", number);
      const seen: Change[] = [];
      for await (const change of storage.changes(start)) {
        seen.push(change);
        await storage.save("k", "written by the reader");
        ok(seen.length <= 10, "a reader that writes is not led in a circle");
      }
      const rest = await collect(storage.changes(seen.at(-1)?.cursor));
      equal(seen.length + rest.length, 10, "what was told in the first loop and the next");
    }),
    feed("reads many pages as one", async (context) => {
      const storage = await context.open();
      const start = await cursorOf(storage);
      const versions: string[] = [];
      for (let round = 0; round < 5; round++) {
        const items = await Promise.all(Array.from({ length: 500 }, (_, index) => storage.save(`k${index}`, round)));
        versions.push(...items.map(({ version }) => version));
      }
      const told = await collect(storage.changes(start));
      equal(told.map(({ version }) => version).sort(), versions.sort(), "the versions that are told, each once");
      const behind = told.slice(2_200);
      equal(await collect(storage.changes(told[2_199]?.cursor)), behind, "what is told behind the middle of a page");
    }),
    feed("skips none for who polls while several openings write", async (context) => {
      const writers = await Promise.all(Array.from({ length: WRITERS }, () => context.open()));
      const reader = await context.open();
      const start = await cursorOf(reader);
      const acknowledged: string[] = [];
      const work = new Aside(
        Promise.all(
          writers.map(async (writer, which) => {
            for (let round = 0; round < EACH; round++) {
              const items = await Promise.all([
                writer.save(`of ${which}/${round % 5}`, round),
                writer.save(`shared/${round % 3}`, round),
              ]);
              if (round % 7 === 6) await writer.delete(`of ${which}/${round % 5}`);
              acknowledged.push(...items.map(({ version }) => version));
              // Writes that are answered at once would be over before anybody reads.
              if (round % WRITERS === which) await macrotask();
            }
          }),
        ),
      );
      const seen: Change[] = [];
      while (!work.isOver) {
        const known = acknowledged.length;
        seen.push(...(await collect(reader.changes(seen.at(-1)?.cursor ?? start))));
        const told = new Set(seen.map(({ version }) => version));
        ok(
          acknowledged.slice(0, known).every((version) => told.has(version)),
          "what was acknowledged before the question is told in the answer",
        );
        await settle();
      }
      await work.done;
      seen.push(...(await collect(reader.changes(seen.at(-1)?.cursor ?? start))));
      equal(seen, await collect(reader.changes(start)), "what was told bit by bit, against one pass");
      const saves = seen.filter(({ type }) => type === "save").map(({ version }) => version);
      equal([...saves].sort(), acknowledged.sort(), "the versions that are told, against those that were acknowledged");
      for (const key of new Set(seen.map((change) => change.key))) {
        const ofKey = seen.filter((change) => change.key === key).map(({ version }) => version);
        equal(ofKey, [...ofKey].sort(), `the versions of ${key}, upwards`);
      }
    }),
    feed(
      "keeps a mirror right that began with a reading of everything, whatever is written meanwhile",
      async (context) => {
        const [writer, reader] = [await context.open(), await context.open()];
        for (let index = 0; index < 50; index++) await writer.save(`k${index}`, `before ${index}`);
        const mirror = new Map<string, string>();
        const work = new Aside(
          (async () => {
            for (let index = 0; index < 120; index++) {
              const key = `k${(index * 7) % 60}`;
              await (index % 4 === 3 ? writer.delete(key) : writer.save(key, `meanwhile ${index}`));
              if (index % 5 === 0) await macrotask();
            }
          })(),
        );
        let from = await cursorOf(reader);
        for await (const { key, version } of reader.scan()) mirror.set(key, version);
        const follow = async () => {
          for await (const { type, key, version, cursor } of reader.changes(from)) {
            const known = mirror.get(key);
            if (type === "delete" && (known === undefined || known < version)) mirror.delete(key);
            if (type === "save" && (known === undefined || known < version)) mirror.set(key, version);
            from = defined(cursor, "the cursor");
          }
        };
        while (!work.isOver) {
          await follow();
          await settle();
        }
        await work.done;
        await follow();
        const standing = await reader.list();
        equal(
          [...mirror].sort(),
          standing.map(({ key, version }) => [key, version]).sort(),
          "the mirror, against what stands",
        );
      },
    ),
    feed(
      "is the story that watch tells: the same entries, in the same order, with the same cursors",
      async (context) => {
        const [storage, other] = [await context.open(), await context.open()];
        const start = await cursorOf(storage);
        const log = await ChangeLog.start(storage);
        await Promise.all(
          Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? storage : other).save(`k${index % 6}`, index)),
        );
        await other.delete("k1");
        await storage.saveStream("k2", inPieces(new Uint8Array(10), 4));
        if (context.capabilities.batch === "atomic") {
          await other.batch([
            { type: "save", key: "x", data: 1 },
            { type: "delete", key: "k3" },
            { type: "save", key: "y", data: 1 },
          ]);
        }
        await log.endedBy(other, "~end");
        equal(log.changes, await collect(storage.changes(start)), "what was watched, against the feed");
      },
      watching,
    ),
    feed("tells by whom, and the same to every opening", async (context) => {
      const [one, other] = [await context.open(), await context.open()];
      const start = await cursorOf(one);
      await one.save("k", 1);
      await other.save("k", 2);
      await one.delete("k");
      const told = await collect(one.changes(start));
      equal(
        told.map(({ type, origin }) => [type, origin]),
        [
          ["save", "self"],
          ["save", "peer"],
          ["delete", "self"],
        ],
        "types and origins",
      );
      const mirrored = told.map((change) => ({ ...change, origin: change.origin === "self" ? "peer" : "self" }));
      equal(await collect(other.changes(start)), mirrored, "what the other opening is told");
    }),
    feed("tells a namespace of the keys below it; a cursor is good in every view", async (context) => {
      const storage = await context.open();
      const [notes, other] = [storage.namespace("no_es"), storage.namespace("noXes")];
      const start = await cursorOf(storage);
      await notes.save("a", 1);
      await other.save("a", 2);
      await storage.save("no_es", 3);
      await notes.namespace("deep").save("b", 4);
      await storage.delete("no_es/a");
      const told = await collect(notes.changes(start));
      equal(
        told.map(({ type, key }) => [type, key]),
        [
          ["save", "a"],
          ["save", "deep/b"],
          ["delete", "a"],
        ],
        "what the view is told",
      );
      const all = await collect(storage.changes(start));
      equal(
        all.map(({ key }) => key),
        ["no_es/a", "noXes/a", "no_es", "no_es/deep/b", "no_es/a"],
        "what the whole is told",
      );
      equal(
        await collect(notes.changes(all[1]?.cursor)),
        told.slice(1),
        "what the view is told behind another's cursor",
      );
      equal(await collect(storage.changes(told[0]?.cursor)), all.slice(1), "what the whole is told behind the view's");
      equal([await cursorOf(notes), await cursorOf(other)], [all[4]?.cursor, all[4]?.cursor], "where the views stand");
    }),
    feed("asks for a fresh start where a cursor is of another store, and takes no other string", async (context) => {
      const storage = await context.open();
      const stranger = await (await context.elsewhere()).open();
      for (let number = 0; number < 3; number++) {
        await storage.save("k", number);
        await stranger.save("k", number);
      }
      const all = await collect(storage.changes());
      for (const { cursor } of await collect(stranger.changes())) {
        const error = await rejects("NOT_FOUND", "changes of another store", () => collect(storage.changes(cursor)));
        equal([error.resync, error.retryable], [true, false], "resync and retryable");
        equal(error.toJSON()["resync"], true, "resync, written as JSON");
      }
      for (const since of ["", "nonsense", "0", `${all[0]?.cursor}!`, "{}"]) {
        const error = await rejects("INVALID_OPTION", JSON.stringify(since), () => collect(storage.changes(since)));
        equal(error.resync, undefined, "resync of what is no cursor");
      }
      for (const since of [null, 1, {}, [], new Date(0)] as never[]) {
        await rejects("INVALID_OPTION", "a cursor that is no string", () => collect(storage.changes(since)));
      }
      await refusesOptions("changes", wrongOptions, (options) => collect(storage.changes(undefined, options)));
      equal(await collect(storage.changes()), all, "the feed afterwards");
    }),
    feed("stops at the signal and at the close", async (context) => {
      const storage = await context.open();
      for (let round = 0; round < 3; round++) {
        await Promise.all(Array.from({ length: 500 }, (_, index) => storage.save(`k${index}`, round)));
      }
      const controller = new AbortController();
      let seen = 0;
      await rejects("ABORTED", "the loop", async () => {
        for await (const _ of storage.changes(undefined, { signal: controller.signal })) {
          if (++seen === 10) controller.abort();
        }
      });
      ok(seen < 1_500, "the loop did not go on to the end");
      const open = storage.changes()[Symbol.asyncIterator]();
      await open.next();
      await storage.close();
      await rejects("CLOSED", "the rest of the loop", async () => {
        for (let next = await open.next(); !next.done; next = await open.next());
      });
    }),
    feed(
      "goes on after reopening from where somebody was",
      async (context) => {
        const first = await context.open();
        const start = await cursorOf(first);
        await first.save("a", 1);
        await first.save("b", 2);
        const before = await collect(first.changes(start));
        const second = await context.reopen();
        equal(await cursorOf(second), before[1]?.cursor, "where the feed stands");
        await second.delete("a");
        const behind = await collect(second.changes(before[0]?.cursor));
        equal(
          behind.map(({ type, key, origin }) => [type, key, origin]),
          [
            ["save", "b", "peer"],
            ["delete", "a", "self"],
          ],
          "what is told then",
        );
        equal(withoutCursor(defined(behind[0], "the first")).version, before[1]?.version, "the version from before");
        equal((await collect(second.changes(start))).length, 3, "what is told from the start");
      },
      persistence,
    ),
    feed(
      "asks for a fresh start where entries are forgotten, also who comes without a cursor",
      async (context) => {
        const storage = await context.open();
        for (let number = 0; number < 5; number++) await storage.save("k", number);
        const before = await collect(storage.changes());
        await context.backing.forgetFeed?.();
        for (const since of [undefined, ...before.slice(0, -1).map(({ cursor }) => cursor)]) {
          const error = await rejects("NOT_FOUND", "changes", () => collect(storage.changes(since)));
          equal(error.resync, true, "resync");
        }
        const last = await cursorOf(storage);
        equal(last, before.at(-1)?.cursor, "where the feed stands");
        equal(await collect(storage.changes(last)), [], "what is told from there");
        const { version } = await storage.save("k", "new");
        equal(
          (await collect(storage.changes(last))).map((change) => change.version),
          [version],
          "what is told then",
        );
      },
      forgettingFeed,
    ),
    feed("gives changes that belong to who asked: spoiling one spoils nothing else", async (context) => {
      const storage = await context.open();
      const start = await cursorOf(storage);
      await storage.save("k", 1);
      for await (const change of storage.changes(start)) Object.assign(change, { key: "spoilt", cursor: "" });
      equal(
        (await collect(storage.changes(start))).map(({ key }) => key),
        ["k"],
        "the keys that are told",
      );
    }),
  ],
};
