import type { RecordHeader, StoredRecord } from "@holdfast/core";
import { equal, ok, rejection, rejects } from "../assert.js";
import { inPieces, keysOf } from "../collect.js";
import { at, call, NOW, putInBatch, recordOf, versionOf } from "../samples/records.js";
import { noise } from "../samples/values.js";
import { atomicBatches, persistence, type Theme } from "../suite.js";
import { until } from "../turns.js";
import { opensEmpty, refusesBatches } from "./refusals.js";

const SIZES = [0, 100, 70_000, 1_200_000];
const ROUNDS = 12;
/** How many reads are under way at most: a server that is far away must have time for the write as well. */
const READERS = 16;

/** A write is one thing: there is no half of it, nothing is left of one that was refused, and a delete is one too. */
export const atomicity: Theme = {
  name: "atomicity",
  cases: [
    {
      name: "whoever reads meanwhile sees one version, its header and its body",
      once: true,
      async run(context) {
        const [writer, reader] = [await context.openAdapter(), await context.openAdapter()];
        const reads: (StoredRecord | undefined)[] = [];
        for (let round = 1; round <= ROUNDS; round++) {
          let written = false;
          const record = recordOf(writer, "k", versionOf(round), { body: bodyOf(round), metadata: { round } });
          const writing = (async () => {
            await writer.put(record, { expect: "any", now: NOW }, call);
            written = true;
          })();
          reads.push(
            ...(await readUntil(
              () => written,
              async () => reader.get("k", at(NOW)),
            )),
          );
          await writing;
        }
        for (const record of reads) {
          if (record === undefined) continue;
          const round = record.header.metadata["round"] as number;
          equal(record.header.version, versionOf(round), "the version of the header that was read");
          equal(new Uint8Array(record.body), bodyOf(round), `the body that was read with the header of write ${round}`);
        }
      },
    },
    {
      name: "whoever lists meanwhile sees all of a batch or nothing of it",
      once: true,
      needs: atomicBatches,
      otherwise: refusesBatches,
      async run(context) {
        const [writer, reader] = [await context.openAdapter(), await context.openAdapter()];
        const lists: RecordHeader[][] = [];
        for (let round = 0; round < ROUNDS; round++) {
          let written = false;
          const puts = ["a", "b", "c"].map((key, index) =>
            putInBatch(recordOf(writer, key, versionOf(3 * round + index), { metadata: { round } })),
          );
          const writing = (async () => {
            await writer.batch?.(puts, { now: NOW, ...call });
            written = true;
          })();
          const all = { prefix: "", after: undefined, limit: 10 };
          lists.push(
            ...(await readUntil(
              () => written,
              async () => reader.list(all, at(NOW)),
            )),
          );
          await writing;
        }
        for (const headers of lists) {
          const rounds = headers.map(({ metadata }) => metadata["round"]);
          const expected = headers.length === 0 ? [] : [rounds[0], rounds[0], rounds[0]];
          equal(rounds, expected, "the batches that one list shows");
        }
      },
    },
    {
      name: "a refused write leaves nothing to be read, listed or found",
      async run(context) {
        const storage = await context.open();
        const item = await storage.save("k", "standing", { tags: ["standing"], metadata: { word: "evergreen" } });
        const wrong = { tags: ["refused"], metadata: { word: "withered" } };
        for (const key of ["k", "new"]) {
          const ifVersion = key === "k" ? null : item.version;
          await rejects("CONFLICT", "save", () => storage.save(key, "refused", { ...wrong, ifVersion }));
          await rejects("CONFLICT", "saveStream", () =>
            storage.saveStream(key, inPieces(noise(100_000), 30_000), { ...wrong, ifVersion }),
          );
        }
        if (context.capabilities.batch === "atomic") {
          await rejection("batch", () =>
            storage.batch([
              { type: "save", key: "new", data: "refused", options: wrong },
              { type: "save", key: "k", data: "refused", options: { ...wrong, ifVersion: null } },
            ]),
          );
        }
        for (const query of [{ tags: ["refused"] }, { text: "withered" }, { where: { word: "withered" } }]) {
          equal(await storage.search(query), [], `what ${JSON.stringify(query)} finds`);
          equal(await storage.count(query), 0, `how many match ${JSON.stringify(query)}`);
        }
        for (const query of [{}, { tags: ["standing"] }, { text: "evergreen" }])
          equal(await storage.search(query), [item], `what ${JSON.stringify(query)} finds`);
        equal(keysOf(await storage.list()), ["k"], "the keys listed");
        equal(await storage.load("k"), "standing", "the value that stands");
      },
    },
    {
      name: "what was deleted before reopening is not brought back by an older write",
      once: true,
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        const first = await context.openAdapter();
        await first.put(recordOf(first, "k", versionOf(10)), { expect: "any", now: NOW }, call);
        await first.delete("k", { version: versionOf(20), expect: "any", now: NOW }, call);
        await context.close();
        const reopened = await context.openAdapter();
        const older = recordOf(reopened, "k", versionOf(15));
        equal(
          await reopened.put(older, { expect: "any", now: NOW }, call),
          { outcome: "stale", floor: versionOf(20) },
          "the outcome of a write from before the delete",
        );
        ok((await reopened.stat("k", at(NOW))) === undefined, "what was deleted stays so");
      },
    },
  ],
};

/** Reads all the time, several at once, until it is over; resolves to what all of them saw. */
async function readUntil<T>(isOver: () => boolean, read: () => Promise<T>): Promise<T[]> {
  const reads: Promise<T>[] = [];
  let underWay = 0;
  await until(() => {
    if (underWay < READERS) {
      underWay++;
      reads.push(read().finally(() => underWay--));
    }
    return isOver();
  });
  return Promise.all(reads);
}

function bodyOf(round: number): Uint8Array<ArrayBuffer> {
  return noise(SIZES[round % SIZES.length] ?? 0, round);
}
