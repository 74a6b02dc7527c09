import {
  BEFORE_ALL_TIME,
  checkDelete,
  checkWrite,
  type DeleteCondition,
  type Expectation,
  isLive,
  type RecordHeader,
  type StorageAdapter,
  type Version,
} from "@holdfast/core";
import { defined, equal } from "../assert.js";
import { at, call, EXPIRED, NOW, recordOf, versionOf } from "../samples/records.js";
import { noise } from "../samples/values.js";
import { racingWriters, type Theme } from "../suite.js";

const OLD = versionOf(10);
const OTHER = versionOf(5);
const STANDINGS = ["nothing", "a living record", "an expired record", "a tombstone"] as const;
const VERSIONS: readonly [what: string, version: Version][] = [
  ["a lower version", versionOf(9)],
  ["the very version", OLD],
  ["a greater version", versionOf(11)],
];

/** Obligations of `put` and `delete`, for every combination of what stands, what is expected and which version comes. */
export const adapterWrites: Theme = {
  name: "adapter: put and delete",
  cases: [
    {
      name: "put answers and acts by core's rule",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        const expectations: Expectation[] = ["any", "absent", OLD, OTHER];
        for (const standing of STANDINGS) {
          for (const expect of expectations) {
            for (const [which, version] of VERSIONS) {
              const what = `put of ${which} over ${standing}, expecting ${expect}`;
              const key = what;
              const found = await arrange(adapter, key, standing);
              const record = recordOf(adapter, key, version, { created: NOW + 5, tags: ["new"], body: noise(20) });
              const refusal = checkWrite(found, version, { expect, now: NOW });
              const outcome = await adapter.put(record, { expect, now: NOW }, call);
              if (refusal !== undefined) {
                equal(outcome, refusal, what);
                await unchanged(adapter, key, found, what);
                continue;
              }
              const living = found.stored !== undefined && isLive(found.stored, NOW) ? found.stored : undefined;
              const header = { ...record.header, created: living?.created ?? record.header.created };
              equal(outcome, { outcome: "written", header }, what);
              equal(await adapter.get(key, at(NOW)), { header, body: noise(20) }, `the record after ${what}`);
              equal(await tombstoneOf(adapter, key), undefined, `the tombstone after ${what}`);
            }
          }
        }
      },
    },
    {
      name: "delete answers and acts by core's rule",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        const expectations: DeleteCondition["expect"][] = ["any", OLD, OTHER];
        for (const standing of STANDINGS) {
          for (const expect of expectations) {
            for (const [which, version] of VERSIONS) {
              const what = `delete with ${which} of ${standing}, expecting ${expect}`;
              const key = what;
              const found = await arrange(adapter, key, standing);
              const condition = { version, expect, now: NOW };
              const refusal = checkDelete(found, condition);
              const outcome = await adapter.delete(key, condition, call);
              equal(outcome, refusal ?? { outcome: "deleted" }, what);
              if (refusal !== undefined) {
                await unchanged(adapter, key, found, what);
                continue;
              }
              equal(await adapter.get(key, at(BEFORE_ALL_TIME)), undefined, `the record after ${what}`);
              equal(await tombstoneOf(adapter, key), version, `the tombstone after ${what}`);
            }
          }
        }
      },
    },
    {
      name: "a delete that looks before all time removes an expired record, but not a rewritten one",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        for (const key of ["expired", "rewritten"]) await arrange(adapter, key, "an expired record");
        const fresh = recordOf(adapter, "rewritten", versionOf(20));
        await adapter.put(fresh, { expect: "any", now: NOW }, call);
        const condition = { version: versionOf(30), expect: OLD, now: BEFORE_ALL_TIME };
        equal(
          await adapter.delete("expired", condition, call),
          { outcome: "deleted" },
          "the outcome for what had expired",
        );
        equal(
          await adapter.delete("rewritten", condition, call),
          { outcome: "conflict", current: fresh.header },
          "the outcome for what was rewritten",
        );
        equal(await adapter.stat("rewritten", at(NOW)), fresh.header, "what was rewritten");
        equal(await tombstoneOf(adapter, "expired"), versionOf(30), "the tombstone of what had expired");
      },
    },
    {
      name: "of many puts at once that expect absence, exactly one is written",
      once: true,
      needs: racingWriters,
      async otherwise(context) {
        const adapter = await context.openAdapter();
        const outcomes: string[] = [];
        for (let index = 0; index < 3; index++) {
          const record = recordOf(adapter, "k", versionOf(index));
          outcomes.push((await adapter.put(record, { expect: "absent", now: NOW }, call)).outcome);
        }
        equal(outcomes, ["written", "conflict", "conflict"], "the outcomes of puts one after the other");
      },
      async run(context) {
        const adapters = [await context.openAdapter(), await context.openAdapter()];
        const puts = Array.from({ length: 40 }, async (_, index) => {
          const adapter = defined(adapters[index % 2], "an adapter");
          const record = recordOf(adapter, "k", versionOf(index), { body: noise(100, index + 1) });
          return adapter.put(record, { expect: "absent", now: NOW }, call);
        });
        const outcomes = await Promise.all(puts);
        const winner = outcomes.findIndex(({ outcome }) => outcome === "written");
        equal(outcomes.filter(({ outcome }) => outcome === "written").length, 1, "how many were written");
        equal(outcomes.filter(({ outcome }) => outcome === "conflict").length, 39, "how many were conflicts");
        equal((await adapters[0]?.get("k", at(NOW)))?.body, noise(100, winner + 1), "the body that stands");
      },
    },
    {
      name: "of many puts at once, the greatest version stands, and each answer is true",
      once: true,
      async run(context) {
        const adapter = await context.openAdapter();
        const puts = Array.from({ length: 40 }, async (_, index) => {
          // Not in the order of their versions.
          const record = recordOf(adapter, "k", versionOf((index * 17) % 40));
          return adapter.put(record, { expect: "any", now: NOW }, call);
        });
        for (const outcome of await Promise.all(puts)) {
          equal(["written", "stale"].includes(outcome.outcome), true, `whether ${outcome.outcome} is written or stale`);
        }
        equal((await adapter.stat("k", at(NOW)))?.version, versionOf(39), "the version that stands");
      },
    },
  ],
};

interface Found {
  readonly stored: RecordHeader | undefined;
  readonly tombstone: Version | undefined;
}

async function arrange(adapter: StorageAdapter, key: string, standing: (typeof STANDINGS)[number]): Promise<Found> {
  if (standing === "nothing") return { stored: undefined, tombstone: undefined };
  const expiration = standing === "an expired record" ? EXPIRED : null;
  const version = standing === "a tombstone" ? versionOf(1) : OLD;
  const record = recordOf(adapter, key, version, {
    created: NOW - 100,
    expiration,
    tags: ["old"],
    metadata: { old: true },
  });
  await adapter.put(record, { expect: "any", now: NOW - 100 }, call);
  if (standing !== "a tombstone") return { stored: record.header, tombstone: undefined };
  await adapter.delete(key, { version: OLD, expect: "any", now: NOW - 50 }, call);
  return { stored: undefined, tombstone: OLD };
}

async function unchanged(
  adapter: StorageAdapter,
  key: string,
  { stored, tombstone }: Found,
  what: string,
): Promise<void> {
  equal(await adapter.stat(key, at(BEFORE_ALL_TIME)), stored, `what stands after ${what}`);
  if (stored === undefined) equal(await tombstoneOf(adapter, key), tombstone, `the tombstone after ${what}`);
}

/** Asked by a delete of what is not there, which changes nothing. */
async function tombstoneOf(adapter: StorageAdapter, key: string): Promise<Version | undefined> {
  if ((await adapter.stat(key, at(BEFORE_ALL_TIME))) !== undefined) return undefined;
  const outcome = await adapter.delete(key, { version: versionOf(1_000), expect: "any", now: NOW }, call);
  equal(outcome.outcome, "absent", "the outcome of deleting what is not there");
  return outcome.outcome === "absent" ? outcome.tombstone : undefined;
}
