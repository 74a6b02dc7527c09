import { type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { inPieces } from "../collect.js";
import type { Context } from "../context.js";
import { racingWriters, type Theme } from "../suite.js";

const WRITERS = 50;

export const compareAndSet: Theme = {
  name: "compare-and-set",
  cases: [
    {
      name: "a save goes ahead when its version stands",
      async run(context) {
        const storage = await context.open();
        const first = await storage.save("k", 1);
        const second = await storage.save("k", 2, { ifVersion: first.version });
        await storage.saveStream("k", inPieces(new Uint8Array(3), 2), { ifVersion: second.version });
        equal(await storage.load("k"), new Uint8Array(3), "the value");
      },
    },
    {
      name: "a save with another version is a conflict that tells the one that stands, and changes nothing",
      async run(context) {
        const storage = await context.open();
        const old = await storage.save("k", 1);
        const standing = await storage.save("k", 2, { tags: ["standing"] });
        const wrong = [old.version, "never a version", "", "any", "absent", "none"];
        for (const ifVersion of wrong) {
          const error = await rejects("CONFLICT", `ifVersion ${ifVersion}`, () => storage.save("k", 3, { ifVersion }));
          equal(
            [error.current, error.key, error.retryable],
            [standing.version, "k", false],
            "current, key and retryable",
          );
          const source = inPieces(new Uint8Array(3), 1);
          const other = await rejects("CONFLICT", "saveStream", () => storage.saveStream("k", source, { ifVersion }));
          equal(other.current, standing.version, "current of a saveStream");
        }
        equal(await storage.stat("k"), standing, "the item that stands");
        equal(await storage.load("k"), 2, "the value that stands");
      },
    },
    {
      name: "ifVersion null writes only where nothing is",
      async run(context) {
        const storage = await context.open();
        const first = await storage.save("k", 1, { ifVersion: null });
        const error = await rejects("CONFLICT", "a second one", () => storage.save("k", 2, { ifVersion: null }));
        equal(error.current, first.version, "current");
        equal(await storage.load("k"), 1, "the value");
        await storage.delete("k");
        await storage.save("k", 3, { ifVersion: null });
        equal(await storage.load("k"), 3, "the value after a delete");
      },
    },
    {
      name: "a version on an absent key is a conflict with nothing",
      async run(context) {
        const storage = await context.open();
        const { version } = await storage.save("k", 1);
        await storage.delete("k");
        for (const [key, ifVersion] of [
          ["k", version],
          ["never", version],
        ] as const) {
          const error = await rejects("CONFLICT", "a save", () => storage.save(key, 2, { ifVersion }));
          equal(error.current, null, "current of a save");
          const other = await rejects("CONFLICT", "a delete", () => storage.delete(key, { ifVersion }));
          equal(other.current, null, "current of a delete");
        }
        equal(await storage.list(), [], "what was written");
      },
    },
    {
      name: "a delete goes ahead only when its version stands",
      async run(context) {
        const storage = await context.open();
        const old = await storage.save("k", 1);
        const standing = await storage.save("k", 1);
        const error = await rejects("CONFLICT", "the old version", () =>
          storage.delete("k", { ifVersion: old.version }),
        );
        equal(error.current, standing.version, "current");
        equal(await storage.load("k"), 1, "the value that stands");
        equal(await storage.delete("k", { ifVersion: standing.version }), true, "the delete");
        equal(await storage.exists("k"), false, "whether it is there");
      },
    },
    {
      name: "the same content saved again is another version",
      async run(context) {
        const storage = await context.open();
        const { version } = await storage.save("k", "same", { tags: ["same"] });
        await storage.delete("k");
        await storage.save("k", "same", { tags: ["same"] });
        await rejects("CONFLICT", "the version from before", () => storage.save("k", 1, { ifVersion: version }));
        await rejects("CONFLICT", "the version from before", () => storage.delete("k", { ifVersion: version }));
      },
    },
    {
      name: "exactly one of many that race to create an item wins",
      run: (context) => raceToCreate(context, 1),
    },
    {
      name: "exactly one of many that race to replace a version wins",
      run: (context) => raceToReplace(context, 1),
    },
    {
      name: "exactly one wins also when the racers are several openings of the store",
      needs: racingWriters,
      otherwise: inTurns,
      async run(context) {
        await raceToCreate(context, 4);
        await raceToReplace(context, 4);
      },
    },
    {
      name: "a chain of conditional saves through two openings loses none",
      needs: racingWriters,
      otherwise: inTurns,
      async run(context) {
        const writers = [await context.open(), await context.open()];
        await writers[0]?.save("counter", 0);
        const increment = async (storage: StorageEngine): Promise<void> => {
          for (;;) {
            const item = defined(await storage.stat("counter"), "the counter");
            const value = defined(await storage.load<number>("counter"), "its value");
            try {
              await storage.save("counter", value + 1, { ifVersion: item.version });
              return;
            } catch (error) {
              if (!StorageError.is(error, "CONFLICT")) throw error;
            }
          }
        };
        await Promise.all(Array.from({ length: 20 }, (_, index) => increment(defined(writers[index % 2], "a writer"))));
        equal(await writers[0]?.load("counter"), 20, "the count");
      },
    },
  ],
};

async function raceToCreate(context: Context, openings: number): Promise<void> {
  const storages = await several(context, openings);
  const key = `created by one of ${openings}`;
  const tries = Array.from({ length: WRITERS }, (_, index) =>
    defined(storages[index % openings], "a storage").save(key, index, { ifVersion: null }),
  );
  await oneWins(tries, storages, key);
}

async function raceToReplace(context: Context, openings: number): Promise<void> {
  const storages = await several(context, openings);
  const key = `replaced by one of ${openings}`;
  const { version } = await defined(storages[0], "a storage").save(key, "start");
  const tries = Array.from({ length: WRITERS }, (_, index) =>
    defined(storages[index % openings], "a storage").save(key, index, { ifVersion: version }),
  );
  await oneWins(tries, storages, key);
}

async function oneWins(tries: Promise<StorageItem>[], storages: readonly StorageEngine[], key: string): Promise<void> {
  const outcomes = await Promise.allSettled(tries);
  const winners = outcomes.flatMap((outcome, index) =>
    outcome.status === "fulfilled" ? [{ index, item: outcome.value }] : [],
  );
  equal(winners.length, 1, `how many of ${WRITERS} won`);
  const { index, item } = defined(winners[0], "the winner");
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") continue;
    const error: unknown = outcome.reason;
    ok(StorageError.is(error, "CONFLICT"), `a loser gets CONFLICT, not ${String(error)}`);
    equal(error.current, item.version, "the version that a loser is told");
  }
  for (const storage of storages) {
    equal(await storage.load(key), index, "the value of the winner");
    equal(await storage.stat(key), item, "the item of the winner");
  }
}

async function several(context: Context, openings: number): Promise<StorageEngine[]> {
  return Promise.all(Array.from({ length: openings }, () => context.open()));
}

/** Without a guarantee between racing openings, conditions still hold for writes that do not overlap. */
async function inTurns(context: Context): Promise<void> {
  const [one, other] = [await context.open(), await context.open()];
  const first = await one.save("k", 1, { ifVersion: null });
  const second = await other.save("k", 2, { ifVersion: first.version });
  const error = await rejects("CONFLICT", "the version from before", () =>
    one.save("k", 3, { ifVersion: first.version }),
  );
  equal(error.current, second.version, "current");
}
