import {
  BEFORE_ALL_TIME,
  compareKeys,
  countQuery,
  parseQuery,
  type RecordHeader,
  type StorageAdapter,
  scanQuery,
  TOKENIZER_VERSION,
  termsOf,
} from "@holdfast/core";
import fc from "fast-check";
import { defined, equal, ok } from "../assert.js";
import { keysOf } from "../collect.js";
import type { Context } from "../context.js";
import { generated } from "../generated.js";
import type { Tokenizer } from "../open-bare.js";
import { awkwardKeys } from "../samples/keys.js";
import { sampleItems, sampleQuery } from "../samples/queries.js";
import { at, call, EXPIRED, NOW, putAll, recordOf, versionOf } from "../samples/records.js";
import { noise } from "../samples/values.js";
import { nativeQueries, persistence, type Theme } from "../suite.js";
import { opensEmpty } from "./refusals.js";

/** What a later version of core may add to a header. */
const UNKNOWN = {
  schema: "notes@3",
  cipher: { name: "aes-256-gcm", wrap: ["k1", { salt: "é\u0000😀" }], depth: 0.5 },
  flags: [],
  nothing: null,
  off: false,
};

/** Obligations of `stat`, `get`, `list` and `query`. */
export const adapterReads: Theme = {
  name: "adapter: stat, get, list and query",
  cases: [
    {
      name: "headers come back whole, with properties that nobody knows yet",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        const record = recordOf(adapter, "k", versionOf(1), {
          ...UNKNOWN,
          expiration: NOW + 1_000,
          tags: ["b", "a"],
          metadata: JSON.parse('{"__proto__": {"a": 1}, "n": [1, {"m": null}], "text": "\\u0000é😀"}'),
          compression: "gzip",
          format: "yaml",
          size: 1_000,
        });
        const { header, body } = record;
        equal(
          await adapter.put(record, { expect: "any", now: NOW }, call),
          { outcome: "written", header },
          "what put answers",
        );
        equal(await adapter.stat("k", at(NOW)), header, "stat");
        equal(await adapter.get("k", at(NOW)), { header, body }, "get");
        equal(await adapter.list({ prefix: "", after: undefined, limit: 10 }, at(NOW)), [header], "list");
        const conflict = await adapter.put(recordOf(adapter, "k", versionOf(2)), { expect: "absent", now: NOW }, call);
        equal(conflict, { outcome: "conflict", current: header }, "what a conflict shows");
      },
    },
    {
      name: "headers and bodies come back whole after reopening",
      once: true,
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        const adapter = await context.openAdapter();
        const records = awkwardKeys.map((key, index) =>
          recordOf(adapter, key, versionOf(index), {
            ...UNKNOWN,
            body: noise(index * 100),
            tags: [key],
            metadata: { key },
          }),
        );
        for (const record of records) await adapter.put(record, { expect: "absent", now: NOW }, call);
        await context.close();
        const reopened = await context.openAdapter();
        for (const { header, body } of records)
          equal(await reopened.get(header.key, at(NOW)), { header, body }, "the record");
      },
    },
    {
      name: "bodies come back byte for byte, also a part of a larger buffer",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        for (const [index, size] of [0, 1, 1_000, 70_000, 1_048_576, 5_000_000].entries()) {
          const body = noise(size + 20).subarray(10, size + 10);
          const expected = body.slice();
          await adapter.put(recordOf(adapter, "k", versionOf(index), { body }), { expect: "any", now: NOW }, call);
          const record = defined(await adapter.get("k", at(NOW)), "the record");
          ok(record.body instanceof Uint8Array, "a body is a Uint8Array");
          equal(new Uint8Array(record.body), expected, `a body of ${size} bytes`);
        }
      },
    },
    {
      name: "what is returned is the caller's to change",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        const about = { tags: ["t"], metadata: { m: { n: 1 } }, body: noise(100) };
        const intact = recordOf(adapter, "k", versionOf(1), structuredClone(about)).header;
        const written = await adapter.put(
          recordOf(adapter, "k", versionOf(1), about),
          { expect: "any", now: NOW },
          call,
        );
        const record = defined(await adapter.get("k", at(NOW)), "the record");
        const conflict = await adapter.put(recordOf(adapter, "k", versionOf(2)), { expect: "absent", now: NOW }, call);
        const views: (RecordHeader | undefined)[] = [
          written.outcome === "written" ? written.header : undefined,
          record.header,
          conflict.outcome === "conflict" ? conflict.current : undefined,
          await adapter.stat("k", at(NOW)),
          ...(await adapter.list({ prefix: "", after: undefined, limit: 1 }, at(NOW))),
        ];
        record.body.fill(0);
        for (const view of views) {
          const header = defined(view, "a header");
          (header.tags as string[]).push("spoilt");
          (header.metadata["m"] as { n: number }).n = 2;
          Object.assign(header, { expiration: 1, key: "spoilt" });
          equal(await adapter.get("k", at(NOW)), { header: intact, body: noise(100) }, "the record afterwards");
          equal(
            await adapter.list({ prefix: "", after: undefined, limit: 9 }, at(NOW)),
            [intact],
            "the list afterwards",
          );
        }
      },
    },
    {
      name: "now decides what is alive, and before all time everything is",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        const past = recordOf(adapter, "a", versionOf(1), { expiration: EXPIRED });
        const present = recordOf(adapter, "b", versionOf(2), { expiration: NOW });
        const future = recordOf(adapter, "c", versionOf(3), { expiration: NOW + 1 });
        const never = recordOf(adapter, "d", versionOf(4));
        const records = [past, present, future, never];
        for (const record of records) await adapter.put(record, { expect: "any", now: NOW - 10 }, call);
        const instants: [now: number, alive: typeof records][] = [
          [NOW - 2, records],
          [NOW - 1, [present, future, never]],
          [NOW, [future, never]],
          [NOW + 1, [never]],
          [8_640_000_000_000_000, [never]],
          [BEFORE_ALL_TIME, records],
        ];
        for (const [now, alive] of instants) {
          const headers = alive.map(({ header }) => header);
          const all = { prefix: "", after: undefined, limit: 10 };
          equal(await adapter.list(all, at(now)), headers, `the list at ${now}`);
          equal(await adapter.list({ ...all, limit: 2 }, at(now)), headers.slice(0, 2), `a page of the list at ${now}`);
          for (const record of records) {
            const { key } = record.header;
            const expected = alive.includes(record) ? record.header : undefined;
            equal(await adapter.stat(key, at(now)), expected, `stat of ${key} at ${now}`);
            equal((await adapter.get(key, at(now)))?.header, expected, `get of ${key} at ${now}`);
          }
          const info = await adapter.info?.(at(now));
          if (info !== undefined)
            equal([info.items, info.bytes], [alive.length, alive.length * 3], `items and bytes at ${now}`);
        }
      },
    },
    {
      name: "list is ordered by code points, literal in its prefix, exclusive in after and full to its limit",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        for (const [index, key] of awkwardKeys.entries()) {
          await adapter.put(recordOf(adapter, key, versionOf(index)), { expect: "any", now: NOW }, call);
        }
        const sorted = [...awkwardKeys].sort(compareKeys);
        const prefixes = [
          "",
          "a",
          "a/",
          "a_",
          "%",
          "_",
          "[",
          "\\",
          "*",
          "e",
          "é",
          "\u{10000}",
          "😀",
          "\uffff",
          "deep/",
          "nothing",
        ];
        for (const prefix of prefixes) {
          const below = sorted.filter((key) => key.startsWith(prefix));
          for (const after of [undefined, "a", "a/b", "b", "😀", "\ue000", below[1], below.at(-1)]) {
            const expected = below.filter((key) => after === undefined || compareKeys(key, after) > 0);
            for (const limit of [1, 3, 1_000]) {
              const listed = await adapter.list({ prefix, after, limit }, at(NOW));
              equal(
                keysOf(listed),
                expected.slice(0, limit),
                `list below ${JSON.stringify(prefix)} after ${JSON.stringify(after)}`,
              );
            }
          }
        }
      },
    },
    {
      name: "a page of list is shorter than its limit at the end only, however large the headers are",
      once: true,
      async run(context) {
        const PAGE = 1_000;
        const adapter = await context.openAdapter();
        const keys = Array.from({ length: PAGE + 1 }, (_, index) => `large/${String(index).padStart(4, "0")}`);
        const text = "all that is known of it, ".repeat(100);
        const records = keys.map((key, index) => recordOf(adapter, key, versionOf(index), { metadata: { text } }));
        await putAll(adapter, records);
        const range = { prefix: "large/", after: undefined, limit: PAGE };
        const page = await adapter.list(range, at(NOW));
        equal(page.length, PAGE, "how many of 1,001 large headers a page of 1,000 has");
        const headers = [...page, ...(await adapter.list({ ...range, after: page.at(-1)?.key }, at(NOW)))];
        equal(keysOf(headers), keys, "the keys of both pages");
        ok(
          headers.every(({ metadata }) => metadata["text"] === text),
          "the metadata of each is whole",
        );
      },
    },
    {
      name: "a native query is what the reference scan finds; without one there is no half of it",
      once: true,
      needs: nativeQueries,
      otherwise: hasNoQuery,
      async run(context) {
        const adapter = await context.openAdapter();
        let version = 0;
        const store = fc.record({
          items: sampleItems,
          queries: fc.array(sampleQuery, { minLength: 20, maxLength: 30 }),
        });
        await generated(context, 25, store, async ({ items, queries }) => {
          for (const { key } of await everything(adapter, BEFORE_ALL_TIME)) {
            await adapter.delete(key, { version: versionOf(version++), expect: "any", now: BEFORE_ALL_TIME }, call);
          }
          for (const { key, tags, metadata, size, expires, pause } of items) {
            const about = { tags, metadata, created: NOW - pause, modified: NOW - pause, body: noise(size) };
            const expiration = expires === undefined ? null : NOW + expires - 20;
            await adapter.put(
              recordOf(adapter, key, versionOf(version++), { ...about, expiration }),
              { expect: "any", now: NOW },
              call,
            );
          }
          const headers = await everything(adapter, NOW);
          for (const query of queries) {
            const parsed = parseQuery(query);
            if (parsed === undefined) continue;
            const what = JSON.stringify(query);
            equal(
              await adapter.query?.(parsed, at(NOW)),
              await scanQuery(headers, parsed),
              `what the query ${what} finds`,
            );
            equal(
              await adapter.count?.(parsed, at(NOW)),
              await countQuery(headers, parsed),
              `how many the query ${what} finds`,
            );
          }
        });
      },
    },
    {
      name: "an index of an older tokenizer is made anew when the store is opened, for every item and for good",
      once: true,
      needs: [nativeQueries, persistence],
      otherwise: (context) => (context.capabilities.query === "native" ? opensEmpty(context) : hasNoQuery(context)),
      async run(context) {
        const ITEMS = 300;
        const keys = Array.from({ length: ITEMS }, (_, index) => `item ${String(index).padStart(3, "0")}`);
        const first = await context.openAdapter();
        const records = keys.map((key, index) => recordOf(first, key, versionOf(index)));
        await putAll(first, records);
        equal(await foundBy(first, "animal"), [], "what is found by a term that no item has");
        const newer: Tokenizer = {
          tokenizerVersion: TOKENIZER_VERSION + 1,
          termsOf: (header) => [...termsOf(header), "animal"].sort(compareKeys),
        };
        for (const opening of ["the first", "the second"]) {
          await context.close();
          const adapter = await context.openAdapter(undefined, newer);
          const when = `at ${opening} opening with a newer tokenizer`;
          equal(await foundBy(adapter, "animal"), keys, `what is found by its new term ${when}`);
          equal(await foundBy(adapter, "item 017"), ["item 017"], `what is found by terms as before ${when}`);
        }
      },
    },
  ],
};

async function hasNoQuery(context: Context): Promise<void> {
  const adapter = context.backing.adapter();
  equal([adapter.query, adapter.count], [undefined, undefined], "query and count");
}

/** The keys of what a text finds, in their order. */
async function foundBy(adapter: StorageAdapter, text: string): Promise<string[]> {
  const query = defined(parseQuery({ text }), "the query");
  return keysOf(defined(await adapter.query?.(query, at(NOW)), "what the adapter finds")).sort(compareKeys);
}

async function everything(adapter: StorageAdapter, now: number): Promise<RecordHeader[]> {
  return adapter.list({ prefix: "", after: undefined, limit: Number.MAX_SAFE_INTEGER }, at(now));
}
