import { type AdapterChange, BEFORE_ALL_TIME, type StorageAdapter, type Version } from "@holdfast/core";
import { defined, equal, ok } from "../assert.js";
import { withoutCursor } from "../change-log.js";
import { collect, inPieces, joined } from "../collect.js";
import type { Context } from "../context.js";
import { at, call, deleteInBatch, EXPIRED, NOW, putInBatch, recordOf, versionOf } from "../samples/records.js";
import { noise } from "../samples/values.js";
import { atomicBatches, batching, boundedStreams, persistence, type Theme, watching } from "../suite.js";
import { settle, until } from "../turns.js";

/** Obligations of what adapters may offer, of `open` and of `classify`. */
export const adapterFeatures: Theme = {
  name: "adapter: open, batch, watch, streams and classify",
  cases: [
    {
      name: "open tells the greatest version that the store ever held, deleted ones included",
      once: true,
      needs: persistence,
      async otherwise(context) {
        const { state } = await context.openAdapterWithState();
        equal(state.lastVersion, undefined, "the last version of a store that begins anew");
      },
      async run(context) {
        const lastVersion = async () => {
          await context.close();
          return (await context.openAdapterWithState()).state.lastVersion;
        };
        equal(await lastVersion(), undefined, "the last version of a new store");
        const put = async (key: string, number: number, expiration: number | null = null) => {
          const adapter = await context.openAdapter();
          await adapter.put(
            recordOf(adapter, key, versionOf(number), { expiration }),
            { expect: "any", now: NOW },
            call,
          );
        };
        await put("a", 5);
        equal(await lastVersion(), versionOf(5), "after a put");
        await put("b", 3);
        equal(await lastVersion(), versionOf(5), "after a put of a lower version under another key");
        await put("c", 8, EXPIRED);
        equal(await lastVersion(), versionOf(8), "after a put of what has expired");
        const adapter = await context.openAdapter();
        await adapter.delete("a", { version: versionOf(12), expect: "any", now: NOW }, call);
        equal(await lastVersion(), versionOf(12), "after a delete");
        await put("a", 13);
        const again = await context.openAdapter();
        await again.delete("a", { version: versionOf(20), expect: "any", now: NOW }, call);
        await again.delete("c", { version: versionOf(15), expect: "any", now: BEFORE_ALL_TIME }, call);
        equal(await lastVersion(), versionOf(20), "after the greatest was deleted");
      },
    },
    {
      name: "one adapter opens while another on the store closes, whichever begins first",
      once: true,
      async run(context) {
        let adapter = await context.openAdapter();
        // How many turns the one is ahead of the other; none: both begin in the same turn.
        for (let ahead = 0; ahead < 10; ahead++) {
          const closing = context.closeAdapter(adapter);
          for (let turn = 0; turn < ahead; turn++) await undefined;
          [adapter] = await Promise.all([context.openAdapter(), closing]);
          await writesAndReads(adapter, versionOf(2 * ahead + 1));
          const opening = context.openAdapter();
          for (let turn = 0; turn < ahead; turn++) await undefined;
          [adapter] = await Promise.all([opening, context.closeAdapter(adapter)]);
          await writesAndReads(adapter, versionOf(2 * ahead + 2));
        }
      },
    },
    {
      name: "batch applies all, and tells what each did",
      once: true,
      needs: batching,
      otherwise: ({ backing }) => withoutMethod(backing.adapter(), "batch", true),
      async run(context) {
        const adapter = await context.openAdapter();
        const living = recordOf(adapter, "living", versionOf(1), { created: NOW - 100, tags: ["old"] });
        const expired = recordOf(adapter, "expired", versionOf(2), { expiration: EXPIRED, created: NOW - 100 });
        for (const record of [living, expired]) await adapter.put(record, { expect: "any", now: NOW - 50 }, call);
        await adapter.put(recordOf(adapter, "gone", versionOf(3)), { expect: "any", now: NOW }, call);
        await adapter.delete("gone", { version: versionOf(4), expect: "any", now: NOW }, call);
        const fresh = recordOf(adapter, "fresh", versionOf(10), { body: noise(2_000_000) });
        const over = recordOf(adapter, "living", versionOf(11));
        const anew = recordOf(adapter, "expired", versionOf(12));
        const outcome = await adapter.batch?.(
          [
            putInBatch(fresh, "absent"),
            putInBatch(over, versionOf(1)),
            putInBatch(anew, "absent"),
            deleteInBatch("gone", versionOf(13)),
            deleteInBatch("never", versionOf(14)),
          ],
          { now: NOW, ...call },
        );
        const kept = { ...over.header, created: NOW - 100 };
        equal(
          outcome,
          {
            outcome: "applied",
            results: [
              { outcome: "written", header: fresh.header },
              { outcome: "written", header: kept },
              { outcome: "written", header: anew.header },
              { outcome: "absent", tombstone: versionOf(4) },
              { outcome: "absent", tombstone: undefined },
            ],
          },
          "the outcome",
        );
        equal((await adapter.get("fresh", at(NOW)))?.body, fresh.body, "the body that was written");
        equal(await adapter.stat("living", at(NOW)), kept, "the header that was overwritten");
        const deleted = await adapter.batch?.([deleteInBatch("living", versionOf(20), versionOf(11))], {
          now: NOW,
          ...call,
        });
        equal(deleted, { outcome: "applied", results: [{ outcome: "deleted" }] }, "the outcome of a delete");
        equal(await adapter.stat("living", at(BEFORE_ALL_TIME)), undefined, "what was deleted");
      },
    },
    {
      name: "batch names the first operation in the way, and does nothing",
      once: true,
      needs: atomicBatches,
      otherwise: namesWhatWasInTheWay,
      async run(context) {
        const adapter = await context.openAdapter();
        const standing = recordOf(adapter, "k", versionOf(10));
        await adapter.put(standing, { expect: "any", now: NOW }, call);
        const fine = putInBatch(recordOf(adapter, "fine", versionOf(11)), "absent");
        const refusals = [
          [
            putInBatch(recordOf(adapter, "k", versionOf(12)), "absent"),
            { outcome: "conflict", current: standing.header },
          ],
          [putInBatch(recordOf(adapter, "k", versionOf(9))), { outcome: "stale", floor: versionOf(10) }],
          [putInBatch(recordOf(adapter, "k", versionOf(10))), { outcome: "stale", floor: versionOf(10) }],
          [deleteInBatch("k", versionOf(9)), { outcome: "stale", floor: versionOf(10) }],
          [deleteInBatch("k", versionOf(12), versionOf(1)), { outcome: "conflict", current: standing.header }],
          [deleteInBatch("absent", versionOf(12), versionOf(1)), { outcome: "conflict", current: undefined }],
        ] as const;
        for (const [write, reason] of refusals) {
          const later = deleteInBatch("other", versionOf(12), versionOf(2));
          const outcome = await adapter.batch?.([fine, write, later], { now: NOW, ...call });
          equal(outcome, { outcome: "refused", index: 1, reason }, "the outcome");
          const all = await adapter.list({ prefix: "", after: undefined, limit: 10 }, at(BEFORE_ALL_TIME));
          equal(all, [standing.header], "what stands afterwards");
        }
      },
    },
    {
      name: "watch tells of each commit exactly once, until it is let go",
      once: true,
      needs: watching,
      otherwise: ({ backing }) => withoutMethod(backing.adapter(), "watch", true),
      async run(context) {
        const [adapter, other] = [await context.openAdapter(), await context.openAdapter()];
        const changes: AdapterChange[] = [];
        const control: AdapterChange[] = [];
        // What one listener does to a change is nothing to the next.
        await adapter.watch?.((change) => Object.assign(change, { type: "spoilt" }));
        const unwatch = await adapter.watch?.((change) => changes.push(change));
        await adapter.watch?.((change) => control.push(change));
        const put = (by: StorageAdapter, key: string, number: number) =>
          by.put(recordOf(by, key, versionOf(number)), { expect: "any", now: NOW }, call);
        await put(adapter, "a", 1);
        await put(other, "a", 2);
        await put(adapter, "a", 1);
        await adapter.delete("a", { version: versionOf(3), expect: "any", now: NOW }, call);
        await adapter.delete("a", { version: versionOf(4), expect: "any", now: NOW }, call);
        await put(other, "a", 5);
        await until(() => control.length >= 4);
        await settle();
        const expected = [
          { type: "save", key: "a", version: versionOf(1) },
          { type: "save", key: "a", version: versionOf(2) },
          { type: "delete", key: "a", version: versionOf(3) },
          { type: "save", key: "a", version: versionOf(5) },
        ];
        equal(changes.map(withoutCursor), expected, "the changes");
        for (const { cursor } of changes) {
          const type = context.capabilities.changes === "native" ? "string" : "undefined";
          equal(typeof cursor, type, "the type of a change's cursor");
        }
        await unwatch?.();
        await put(adapter, "a", 6);
        await until(() => control.length >= 5);
        await settle();
        equal(changes.map(withoutCursor), expected, "the changes once it was let go");
      },
    },
    {
      name: "a body that is written in pieces appears with its commit",
      once: true,
      needs: boundedStreams,
      otherwise: ({ backing }) => withoutMethod(backing.adapter(), "writeStream", true),
      async run(context) {
        const adapter = await context.openAdapter();
        const body = noise(3_000_000);
        const standing = recordOf(adapter, "k", versionOf(10), { created: NOW - 100 });
        await adapter.put(standing, { expect: "any", now: NOW }, call);
        const writer = defined(await adapter.writeStream?.("k", call), "the writer");
        for await (const piece of inPieces(body, 70_001)) await writer.write(piece);
        equal(await adapter.stat("k", at(NOW)), standing.header, "what stands before the commit");
        const commit = (number: number, expect: Parameters<typeof writer.commit>[1]["expect"]) => {
          const { body: _, ...record } = recordOf(adapter, "k", versionOf(number), { body });
          return writer.commit(record, { expect, now: NOW });
        };
        equal(
          await commit(20, "absent"),
          { outcome: "conflict", current: standing.header },
          "a commit that expects absence",
        );
        equal(await commit(9, "any"), { outcome: "stale", floor: versionOf(10) }, "a commit of a lower version");
        equal(await adapter.stat("k", at(NOW)), standing.header, "what stands after the refusals");
        const { header, chunkHashes } = recordOf(adapter, "k", versionOf(21), { body, created: NOW - 100 });
        equal(await commit(21, versionOf(10)), { outcome: "written", header }, "a commit that goes ahead");
        equal(await adapter.get("k", at(NOW)), { header, body }, "the record, whole");
        const stream = defined(await adapter.readStream?.("k", at(NOW)), "the stream");
        equal([stream.header, stream.chunkHashes], [header, chunkHashes], "header and chunk hashes of the stream");
        equal(joined(await collect(stream.body)), body, "the body, streamed");
      },
    },
    {
      name: "a body whose write is given up leaves nothing",
      once: true,
      needs: boundedStreams,
      otherwise: ({ backing }) => withoutMethod(backing.adapter(), "readStream", true),
      async run(context) {
        const adapter = await context.openAdapter();
        for (const pieces of [0, 1, 40]) {
          const writer = defined(await adapter.writeStream?.("k", call), "the writer");
          for (let index = 0; index < pieces; index++) await writer.write(noise(100_000, index + 1));
          await writer.abort();
        }
        equal(await adapter.stat("k", at(BEFORE_ALL_TIME)), undefined, "what stands");
        equal(await adapter.readStream?.("k", at(NOW)), undefined, "the stream of what is absent");
        const expired = recordOf(adapter, "k", versionOf(1), { expiration: EXPIRED });
        await adapter.put(expired, { expect: "absent", now: NOW - 10 }, call);
        equal(await adapter.readStream?.("k", at(NOW)), undefined, "the stream of what has expired");
      },
    },
    {
      name: "classify knows its own errors only, and throws at none",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        for (const stranger of [
          new Error("of somebody else"),
          new TypeError("x"),
          undefined,
          null,
          "text",
          1,
          {},
          Symbol("x"),
        ]) {
          equal(adapter.classify(stranger), undefined, "what a stranger's error means");
        }
        ok(adapter.spi === 1, "the interface number");
      },
    },
  ],
};

/** Of a batch that is not one unit: what is said to be in the way is, and is not done. */
async function namesWhatWasInTheWay(context: Context): Promise<void> {
  if (context.capabilities.batch === "none") return withoutMethod(context.backing.adapter(), "batch", true);
  const adapter = await context.openAdapter();
  const standing = recordOf(adapter, "k", versionOf(10));
  await adapter.put(standing, { expect: "any", now: NOW }, call);
  const writes = [
    putInBatch(recordOf(adapter, "a", versionOf(11))),
    putInBatch(recordOf(adapter, "k", versionOf(12)), "absent"),
    putInBatch(recordOf(adapter, "b", versionOf(13))),
  ];
  const outcome = await adapter.batch?.(writes, { now: NOW, ...call });
  const reason = { outcome: "conflict", current: standing.header };
  equal(outcome, { outcome: "refused", index: 1, reason }, "the outcome");
  equal(await adapter.stat("k", at(NOW)), standing.header, "what was in the way");
}

async function withoutMethod(adapter: StorageAdapter, method: keyof StorageAdapter, absent: boolean): Promise<void> {
  equal(adapter[method] === undefined, absent, `whether the adapter has no method ${method}`);
}

async function writesAndReads(adapter: StorageAdapter, version: Version): Promise<void> {
  const record = recordOf(adapter, "k", version);
  const { outcome } = await adapter.put(record, { expect: "any", now: NOW }, call);
  equal(outcome, "written", "a put through the one that has opened");
  equal((await adapter.get("k", at(NOW)))?.header.version, version, "the version that it reads then");
}
