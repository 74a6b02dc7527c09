import {
  BEFORE_ALL_TIME,
  type History,
  type PreviousRecord,
  parseQuery,
  type RecordHeader,
  type StorageAdapter,
  type Version,
} from "@holdfast/core";
import { defined, equal, ok } from "../assert.js";
import { collect, inPieces, joined } from "../collect.js";
import type { Context } from "../context.js";
import { at, call, deleteInBatch, EXPIRED, NOW, putInBatch, recordOf, versionOf } from "../samples/records.js";
import { noise } from "../samples/values.js";
import { bothOf, boundedStreams, type Case, keepingVersions, type Need, persistence, type Theme } from "../suite.js";

const FOREVER = Number.POSITIVE_INFINITY;
const MANY = { versions: 1_000, age: FOREVER };

/** Obligations of `history`, and of the writes that keep something for it. */
export const adapterHistory: Theme = {
  name: "adapter: history",
  cases: [
    kept("keeps what is replaced or deleted, whole, newest first, with the instant", async (context) => {
      const adapter = await context.openAdapter(MANY);
      const first = recordOf(adapter, "k", versionOf(1), {
        body: noise(300),
        tags: ["one"],
        metadata: { deep: { list: [1, null] } },
        // A later version of core may add properties.
        ...({ unknown: { kept: true } } as object),
      });
      const second = recordOf(adapter, "k", versionOf(2), { body: noise(70_000, 2), expiration: NOW + 1_000 });
      await adapter.put(first, { expect: "any", now: NOW }, call);
      equal(await versionsOf(adapter, "k"), [], "what is kept while the first stands");
      await adapter.put(second, { expect: versionOf(1), now: NOW + 10 }, call);
      await adapter.delete("k", { version: versionOf(3), expect: "any", now: NOW + 20 }, call);
      const list = await historyOf(adapter).list("k", at(NOW + 30));
      const created = { ...second.header, created: NOW };
      equal(
        list,
        [
          { header: created, replaced: NOW + 20 },
          { header: first.header, replaced: NOW + 10 },
        ],
        "what is kept",
      );
      equal(await bodyOf(adapter, "k", 1), { header: first.header, body: noise(300) }, "the first version");
      equal(await bodyOf(adapter, "k", 2), { header: created, body: noise(70_000, 2) }, "the second version");
    }),
    kept("gives the version that stands, and undefined for one that never stood there", async (context) => {
      const adapter = await context.openAdapter(MANY);
      await put(adapter, "k", 1);
      await put(adapter, "k", 2);
      await put(adapter, "other", 3);
      equal((await bodyOf(adapter, "k", 2))?.header.version, versionOf(2), "the version that stands");
      for (const number of [0, 3, 4]) equal(await bodyOf(adapter, "k", number), undefined, `the version ${number}`);
      equal(await bodyOf(adapter, "never", 1), undefined, "a version of a key that never was");
      equal(await versionsOf(adapter, "never"), [], "what is kept of it");
      await adapter.delete("k", { version: versionOf(5), expect: "any", now: NOW }, call);
      equal(await bodyOf(adapter, "k", 5), undefined, "the version of a deletion");
    }),
    kept("keeps nothing of what wrote nothing", async (context) => {
      const adapter = await context.openAdapter(MANY);
      await put(adapter, "k", 5);
      await put(adapter, "k", 4);
      await put(adapter, "k", 5);
      await adapter.put(recordOf(adapter, "k", versionOf(6)), { expect: "absent", now: NOW }, call);
      await adapter.put(recordOf(adapter, "k", versionOf(6)), { expect: versionOf(1), now: NOW }, call);
      await adapter.delete("k", { version: versionOf(6), expect: versionOf(1), now: NOW }, call);
      await adapter.delete("k", { version: versionOf(3), expect: "any", now: NOW }, call);
      equal(await versionsOf(adapter, "k"), [], "what is kept after refusals");
      await adapter.delete("k", { version: versionOf(7), expect: "any", now: NOW }, call);
      await adapter.delete("k", { version: versionOf(7), expect: "any", now: NOW }, call);
      await adapter.delete("k", { version: versionOf(8), expect: "any", now: NOW }, call);
      await put(adapter, "k", 9);
      equal(await versionsOf(adapter, "k"), [5], "what is kept of one life");
    }),
    kept("keeps nothing that had expired, and shows nothing that has expired since", async (context) => {
      const adapter = await context.openAdapter(MANY);
      const soon = { expiration: NOW + 100 };
      await put(adapter, "k", 1, soon);
      await put(adapter, "k", 2, soon);
      await put(adapter, "k", 3, {}, NOW + 100);
      equal(await versionsOf(adapter, "k", NOW + 99), [1], "what is kept, an instant before it expires");
      equal(await versionsOf(adapter, "k", NOW + 100), [], "what is kept once it has expired");
      equal(await bodyOf(adapter, "k", 1, NOW + 100), undefined, "an expired version by its number");
      equal(await bodyOf(adapter, "k", 2, NOW), undefined, "a version that had expired when it was replaced");
      await put(adapter, "gone", 4, soon);
      await adapter.delete("gone", { version: versionOf(5), expect: "any", now: NOW + 100 }, call);
      equal(await versionsOf(adapter, "gone", NOW), [], "what is kept of what had expired before its deletion");
      equal(await historyOf(adapter).sweep("k", at(NOW + 100)), 1, "how many a sweep drops: those that have expired");
      equal(await versionsOf(adapter, "k", NOW), [], "what a sweep dropped, when the clock is set back");
      await put(adapter, "standing", 6, soon);
      equal(await bodyOf(adapter, "standing", 6, NOW + 100), undefined, "what stands and has expired");
    }),
    kept("a deletion that looks before all time keeps nothing", async (context) => {
      const adapter = await context.openAdapter(MANY);
      await put(adapter, "k", 1);
      await put(adapter, "k", 2, { expiration: EXPIRED + 10 });
      const condition = { version: versionOf(3), expect: versionOf(2), now: BEFORE_ALL_TIME };
      equal(await adapter.delete("k", condition, call), { outcome: "deleted" }, "the deletion");
      equal(await versionsOf(adapter, "k", EXPIRED), [1], "what is kept, also for a clock that was set back");
    }),
    kept("keeps as many versions of each key as it was told to, the newest ones", async (context) => {
      const adapter = await context.openAdapter({ versions: 3, age: FOREVER });
      for (let number = 1; number <= 10; number++) {
        await put(adapter, "k", number);
        const expected = [number - 1, number - 2, number - 3].filter((each) => each > 0);
        equal(await versionsOf(adapter, "k"), expected, `what is kept once ${number} stands`);
      }
      await put(adapter, "other", 20);
      await put(adapter, "other", 21);
      equal(await versionsOf(adapter, "other"), [20], "what is kept of another key");
      await adapter.delete("k", { version: versionOf(30), expect: "any", now: NOW }, call);
      equal(await versionsOf(adapter, "k"), [10, 9, 8], "what is kept of a deleted key");
      for (const number of [7, 6, 1]) equal(await bodyOf(adapter, "k", number), undefined, `the version ${number}`);
    }),
    kept("goes on where it was when a key is deleted and made anew", async (context) => {
      const adapter = await context.openAdapter(MANY);
      await put(adapter, "k", 1);
      await adapter.delete("k", { version: versionOf(2), expect: "any", now: NOW }, call);
      await put(adapter, "k", 3);
      await put(adapter, "k", 4);
      equal(await versionsOf(adapter, "k"), [3, 1], "the versions of both lives");
      await adapter.delete("k", { version: versionOf(5), expect: "any", now: NOW }, call);
      equal(await versionsOf(adapter, "k"), [4, 3, 1], "the versions once it is deleted again");
    }),
    kept("sweep drops by age, to the millisecond, below a literal prefix", async (context) => {
      const adapter = await context.openAdapter({ versions: 10, age: 1_000 });
      for (const key of ["a_b", "a_b/c", "aXb", "b"]) {
        await put(adapter, key, 1, {}, NOW);
        await put(adapter, key, 2, {}, NOW + 100);
        await put(adapter, key, 3, {}, NOW + 200);
      }
      await adapter.delete("b", { version: versionOf(4), expect: "any", now: NOW + 300 }, call);
      const sweep = (prefix: string, now: number) => historyOf(adapter).sweep(prefix, at(now));
      equal(await sweep("", NOW + 1_100), 0, "how many are older than their age at the very instant");
      equal(await sweep("a_", NOW + 1_101), 2, "how many are dropped below a prefix");
      equal(await versionsOf(adapter, "a_b"), [2], "what is left of a key below it");
      equal(await versionsOf(adapter, "aXb"), [2, 1], "what is left of a key that only a pattern would match");
      equal(await sweep("", NOW + 1_201), 6, "how many are dropped a while later");
      equal(await versionsOf(adapter, "b"), [3], "what is left of a deleted key: its age is its own");
      equal(await sweep("", NOW + 1_300), 0, "how many are dropped the instant the deletion comes of age");
      equal(await sweep("", NOW + 1_301), 1, "how many are dropped behind it");
      equal(await sweep("", NOW + 100_000), 0, "how many are dropped in the end");
      equal((await adapter.stat("a_b", at(NOW)))?.version, versionOf(3), "what stands all the while");
    }),
    kept("sweep without an age drops what is kept of keys that do not stand", async (context) => {
      const adapter = await context.openAdapter(MANY);
      for (const key of ["stands", "deleted", "expired", "n/deleted"]) {
        await put(adapter, key, 1);
        await put(adapter, key, 2, key === "expired" ? { expiration: NOW + 50 } : {});
      }
      for (const key of ["deleted", "n/deleted"]) {
        await adapter.delete(key, { version: versionOf(3), expect: "any", now: NOW }, call);
      }
      equal(await historyOf(adapter).sweep("n/", at(NOW + 100)), 2, "how many are dropped below a prefix");
      equal(await versionsOf(adapter, "deleted"), [2, 1], "what is kept of a deleted key until it is swept");
      equal(await historyOf(adapter).sweep("", at(NOW + 100)), 3, "how many are dropped");
      for (const key of ["deleted", "expired", "n/deleted"])
        equal(await versionsOf(adapter, key), [], `what is kept of ${key}`);
      equal(await bodyOf(adapter, "deleted", 2), undefined, "a version that was swept");
      equal(await versionsOf(adapter, "stands"), [1], "what is kept of a key that stands");
      await put(adapter, "deleted", 10);
      equal(await versionsOf(adapter, "deleted"), [], "what is kept once the key is made anew");
    }),
    kept("switched off it keeps nothing, and a sweep drops what was kept before", async (context) => {
      if (!context.backing.persistent) return keepsNothing(await context.openAdapter(false));
      const on = await context.openAdapter(MANY);
      await put(on, "k", 1);
      await put(on, "k", 2);
      await on.delete("k", { version: versionOf(3), expect: "any", now: NOW }, call);
      await put(on, "k", 4);
      await context.close();
      const off = await context.openAdapter(false);
      await keepsNothing(off);
      await put(off, "k", 5);
      equal(await historyOf(off).sweep("", at(NOW)), 2, "how many a sweep drops");
      await context.close();
      equal(await versionsOf(await context.openAdapter(MANY), "k"), [], "what is kept when it is switched on again");
    }),
    kept("keeps what a batch replaces, and nothing of one that was refused", async (context) => {
      const adapter = await context.openAdapter(MANY);
      if (context.capabilities.batch === "none") return equal(adapter.batch, undefined, "the method batch");
      for (const key of ["a", "b", "c"]) await put(adapter, key, 1);
      const writes = [putInBatch(recordOf(adapter, "a", versionOf(10))), deleteInBatch("b", versionOf(11))];
      if (context.capabilities.batch === "atomic") {
        const refused = putInBatch(recordOf(adapter, "c", versionOf(12)), "absent");
        await adapter.batch?.([...writes, refused], { now: NOW, ...call });
        for (const key of ["a", "b", "c"])
          equal(await versionsOf(adapter, key), [], `what is kept of ${key} after a refusal`);
      }
      await adapter.batch?.([...writes, deleteInBatch("never", versionOf(13))], { now: NOW + 5, ...call });
      for (const key of ["a", "b"]) {
        const list = await historyOf(adapter).list(key, at(NOW + 5));
        equal(
          list.map(({ replaced }) => replaced),
          [NOW + 5],
          `when ${key} was replaced`,
        );
        equal(await versionsOf(adapter, key), [1], `what is kept of ${key}`);
      }
      equal(
        [await versionsOf(adapter, "c"), await versionsOf(adapter, "never")],
        [[], []],
        "what is kept of the others",
      );
    }),
    kept("is apart from what stands: nothing lists, finds or counts it", async (context) => {
      const adapter = await context.openAdapter(MANY);
      await put(adapter, "k", 1, { tags: ["old"], metadata: { word: "withered" } });
      await put(adapter, "k", 2, { tags: ["new"] });
      await put(adapter, "gone", 3, { tags: ["old"] });
      await adapter.delete("gone", { version: versionOf(4), expect: "any", now: NOW }, call);
      const standing = defined(await adapter.stat("k", at(NOW)), "what stands");
      for (const now of [NOW, BEFORE_ALL_TIME]) {
        equal(await adapter.list({ prefix: "", after: undefined, limit: 10 }, at(now)), [standing], "the list");
      }
      equal(await adapter.stat("gone", at(BEFORE_ALL_TIME)), undefined, "what stands under the deleted key");
      equal((await adapter.get("k", at(NOW)))?.header, standing, "what is read");
      const info = await adapter.info?.(at(NOW));
      if (info !== undefined) equal([info.items, info.bytes], [1, standing.storedSize], "items and bytes");
      if (adapter.query === undefined || adapter.count === undefined) return;
      const query = defined(parseQuery({ tags: ["old"] }), "the query");
      equal(await adapter.count(query, at(NOW)), 0, "how many carry the old tag");
    }),
    kept("belongs to who asked: spoiling an answer spoils nothing else", async (context) => {
      const adapter = await context.openAdapter(MANY);
      const record = recordOf(adapter, "k", versionOf(1), { body: noise(50), metadata: { list: [1] }, tags: ["t"] });
      await adapter.put(record, { expect: "any", now: NOW }, call);
      await put(adapter, "k", 2);
      const expected = { header: structuredClone(record.header), body: noise(50) };
      const [listed] = await historyOf(adapter).list("k", at(NOW));
      spoil(defined(listed, "the kept version").header);
      const read = defined(await bodyOf(adapter, "k", 1), "the kept version");
      spoil(read.header);
      read.body.fill(0);
      equal(await bodyOf(adapter, "k", 1), expected, "the kept version afterwards");
      equal((await historyOf(adapter).list("k", at(NOW)))[0]?.header, expected.header, "its header as it is listed");
    }),
    kept(
      "keeps bodies of every size exactly, and streams them unmoved by what is written meanwhile",
      async (context) => {
        const adapter = await context.openAdapter(MANY);
        const sizes = [0, 1, 65_536, 1_048_577, 3_000_000];
        for (const [index, size] of sizes.entries()) {
          await put(adapter, "k", index + 1, { body: noise(size, index + 1) });
        }
        await adapter.delete("k", { version: versionOf(100), expect: "any", now: NOW }, call);
        for (const [index, size] of sizes.entries()) {
          const record = await bodyOf(adapter, "k", index + 1);
          equal(record && new Uint8Array(record.body), noise(size, index + 1), `the body of ${size} bytes`);
        }
        equal(await versionsOf(adapter, "k"), [5, 4, 3, 2, 1], "what is kept");
      },
    ),
    kept(
      "streams a kept body as it was written, whole or in pieces, and unmoved by later writes",
      async (context) => {
        const adapter = await context.openAdapter({ versions: 2, age: FOREVER });
        const read = async (number: number) =>
          defined(await historyOf(adapter).readStream?.("k", versionOf(number), at(NOW)), "the stream");
        const whole = recordOf(adapter, "k", versionOf(1), { body: noise(2_500_000) });
        await adapter.put(whole, { expect: "any", now: NOW }, call);
        const { body, ...streamed } = recordOf(adapter, "k", versionOf(2), { body: noise(3_000_000, 2) });
        const writer = defined(await adapter.writeStream?.("k", call), "the writer");
        for await (const piece of inPieces(new Uint8Array(body), 100_000)) await writer.write(piece);
        await writer.commit(streamed, { expect: versionOf(1), now: NOW });
        await put(adapter, "k", 3);
        for (const [number, record] of [
          [1, whole],
          [2, { ...streamed, body }],
        ] as const) {
          const stream = await read(number);
          equal(stream.header, record.header, `the header of version ${number}`);
          equal(stream.chunkHashes, record.chunkHashes, `the chunk hashes of version ${number}`);
          equal(joined(await collect(stream.body)), record.body, `the body of version ${number}`);
        }
        equal((await read(3)).header.version, versionOf(3), "the version that stands, streamed");
        equal(await historyOf(adapter).readStream?.("k", versionOf(9), at(NOW)), undefined, "the stream of none");
        const open = (await read(1)).body[Symbol.asyncIterator]();
        const first = await open.next();
        for (const number of [4, 5, 6]) await put(adapter, "k", number);
        equal(await bodyOf(adapter, "k", 1), undefined, "the version whose stream is open, by now dropped");
        const pieces = [first.value as Uint8Array];
        for (let next = await open.next(); !next.done; next = await open.next()) pieces.push(next.value);
        equal(joined(pieces), whole.body, "the body that was being read");
      },
      boundedStreams,
    ),
    kept("keeps each of many racing versions once, in order", async (context) => {
      const adapters = [await context.openAdapter(MANY), await context.openAdapter(MANY)];
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          const adapter = defined(adapters[index % 2], "an adapter");
          const record = recordOf(adapter, "k", versionOf(index), { body: noise(100, index + 1) });
          const { outcome } = await adapter.put(record, { expect: "any", now: NOW }, call);
          return outcome === "written" ? [index] : [];
        }),
      );
      const written = outcomes.flat();
      const [reader] = adapters;
      ok(reader !== undefined, "an adapter");
      const expected = [...written].sort((a, b) => b - a);
      equal(
        await versionsOf(reader, "k"),
        expected.slice(1),
        "what is kept: all that were written but the one that stands",
      );
      for (const number of expected) {
        equal((await bodyOf(reader, "k", number))?.body, noise(100, number + 1), `the body of version ${number}`);
      }
    }),
    kept(
      "is there after reopening",
      async (context) => {
        const first = await context.openAdapter(MANY);
        await put(first, "k", 1, { body: noise(200_000), tags: ["t"] });
        await put(first, "k", 2);
        await first.delete("k", { version: versionOf(3), expect: "any", now: NOW + 7 }, call);
        const before = await historyOf(first).list("k", at(NOW));
        await context.close();
        const second = await context.openAdapter(MANY);
        equal(await historyOf(second).list("k", at(NOW)), before, "what is kept");
        equal((await bodyOf(second, "k", 1))?.body, noise(200_000), "the body of the first version");
        await put(second, "k", 4);
        await put(second, "k", 5);
        equal(await versionsOf(second, "k"), [4, 2, 1], "what is kept then");
      },
      persistence,
    ),
  ],
};

function kept(name: string, run: Case["run"], also?: Need): Case {
  const needs = also === undefined ? keepingVersions : bothOf(keepingVersions, also);
  return { name, once: true, needs, run, otherwise: isAsDeclared };
}

/** Without history there is nothing to ask; where something else is missing, it is there all the same. */
async function isAsDeclared({ capabilities, backing }: Context): Promise<void> {
  equal(
    backing.adapter().history !== undefined,
    capabilities.history === "native",
    "whether the adapter has a history, as it declares",
  );
}

async function keepsNothing(adapter: StorageAdapter): Promise<void> {
  await put(adapter, "fresh", 50);
  await put(adapter, "fresh", 51);
  await adapter.delete("fresh", { version: versionOf(52), expect: "any", now: NOW }, call);
  equal(await versionsOf(adapter, "fresh"), [], "what is kept while history is off");
}

async function put(
  adapter: StorageAdapter,
  key: string,
  number: number,
  about: Parameters<typeof recordOf>[3] = {},
  now: number = NOW,
): Promise<void> {
  await adapter.put(recordOf(adapter, key, versionOf(number), about), { expect: "any", now }, call);
}

function historyOf(adapter: StorageAdapter): History {
  return defined(adapter.history, "the adapter's history");
}

/** The numbers of the kept versions, as they are listed. */
async function versionsOf(adapter: StorageAdapter, key: string, now: number = NOW): Promise<number[]> {
  const list = await historyOf(adapter).list(key, at(now));
  return list.map(({ header }: PreviousRecord) => {
    equal(header.key, key, "the key of a kept version");
    return numberOf(header.version);
  });
}

function numberOf(version: Version): number {
  return Number.parseInt(version.slice(0, 12), 16) - NOW;
}

async function bodyOf(adapter: StorageAdapter, key: string, number: number, now: number = NOW) {
  return historyOf(adapter).get(key, versionOf(number), at(now));
}

function spoil(header: RecordHeader): void {
  Object.assign(header, { key: "spoilt", created: 0 });
  (header.tags as string[]).push("spoilt");
  Object.assign(header.metadata, { spoilt: true, list: [] });
}
