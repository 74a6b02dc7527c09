import type { Change, StorageItem } from "@holdfast/core";
import { defined, equal, ok } from "../assert.js";
import { ChangeLog } from "../change-log.js";
import { collect } from "../collect.js";
import type { Context } from "../context.js";
import { PeerClient } from "../peer/peer-client.js";
import { count, create } from "../peer/run-peer.js";
import { macrotask } from "../simulation/simulated-ports.js";
import { atomicBatches, type Case, type Check, feeding, keepingVersions, type Need, type Theme } from "../suite.js";
import { Aside, settle, until } from "../turns.js";
import { aloneAndKilled, keepsWhatWasAcknowledged, promisesNothing } from "./alone-and-killed.js";
import { killWhileBatching, roundsBelow } from "./under-declared.js";

/** Enough for the two to meet many times. */
const TIMES = 60;

/** Where no capability reaches further than the process, the store may be one that admits no second one. */
const sharedStore: Need = {
  name: "a store that processes share",
  metBy: ({ compareAndSet, watch }, { peer }) =>
    peer !== undefined && (compareAndSet === "cross-process" || watch === "cross-process"),
};

const racingProcesses: Need = {
  name: "compare-and-set between processes",
  metBy: ({ compareAndSet }) => compareAndSet === "cross-process",
};

const watchingProcesses: Need = {
  name: "watch between processes",
  metBy: ({ watch }) => watch === "cross-process",
};

/** This process and another one, with an opening each. */
export const twoProcesses: Theme = {
  name: "two processes",
  cases: [
    withPeer(
      "that count in one item lose no step",
      async (context, peer) => {
        const storage = await context.open();
        await Promise.all([
          count(storage, "counter", TIMES),
          peer.perform({ do: "count", key: "counter", times: TIMES }),
        ]);
        equal(await storage.load("counter"), 2 * TIMES, "the sum");
        equal(await peer.perform({ do: "load", key: "counter" }), 2 * TIMES, "the sum as the other sees it");
      },
      [racingProcesses],
    ),
    withPeer(
      "that race to be the first are never both so",
      async (context, peer) => {
        const storage = await context.open();
        const keys = Array.from({ length: TIMES }, (_, index) => `k${index}`);
        const [mine, theirs] = await Promise.all([
          create(storage, keys),
          // Against the order of ours, so that they meet in the middle.
          peer.perform({ do: "create", keys: [...keys].reverse() }) as Promise<string[]>,
        ]);
        equal([...mine, ...theirs].sort(), [...keys].sort(), "who was the first where");
      },
      [racingProcesses],
    ),
    withPeer("see what the other wrote as soon as it is acknowledged", async (context, peer) => {
      const storage = await context.open();
      let version: string | undefined;
      for (let round = 0; round < 10; round++) {
        const data = { round, by: "the peer" };
        const item = (await peer.perform({ do: "save", key: "k", data, ifVersion: version ?? null })) as StorageItem;
        equal(await storage.load("k"), data, "what this one loads");
        ok(item.version > (version ?? ""), "versions go upwards from process to process");
        const own = await storage.save("k", round, { ifVersion: item.version });
        equal(await peer.perform({ do: "load", key: "k" }), round, "what the other one loads");
        version = own.version;
      }
      await peer.perform({ do: "delete", key: "k" });
      equal(await storage.exists("k"), false, "whether what the other deleted is there");
    }),
    withPeer(
      "see a batch of the other as a whole or not at all",
      async (context, peer) => {
        const storage = await context.open();
        const keys: [string, string] = ["pair/a", "pair/b"];
        const writing = new Aside(peer.perform({ do: "pairs", keys, times: TIMES }));
        let seen = 0;
        while (!writing.isOver) {
          const items = await storage.list("pair/");
          ok(items.length === 0 || items.length === 2, `both or none is there, not ${items.length}`);
          const [a, b] = items.map(({ metadata }) => metadata["round"]);
          equal(b, a, "the round of the second item, as one list shows it");
          // One after the other: the second may be newer, never older.
          const [first, second] = [await storage.load<number>(keys[0]), await storage.load<number>(keys[1])];
          ok((second ?? 0) >= (first ?? 0), `what is read later is not older: ${first}, then ${second}`);
          seen++;
          // Reads that are answered at once would leave the other's messages unread.
          await macrotask();
        }
        await writing.done;
        ok(seen > 0, "the two overlapped");
        equal([await storage.load(keys[0]), await storage.load(keys[1])], [TIMES, TIMES], "what stands in the end");
      },
      [atomicBatches],
    ),
    withPeer(
      "are told of each other's writes exactly once, in order for each key, and by whom",
      async (context, peer) => {
        const storage = await context.open();
        const log = await ChangeLog.start(storage);
        await peer.perform({ do: "watch", prefix: "" });
        const told = (key: string, version: string) =>
          peer.changes.some((each) => each.key === key && each.version === version);
        await Promise.all([
          count(storage, "counter", TIMES / 2),
          peer.perform({ do: "count", key: "counter", times: TIMES / 2 }),
        ]);
        await peer.perform({ do: "save", key: "theirs", data: 1 });
        await peer.perform({ do: "delete", key: "theirs" });
        const end = (await peer.perform({ do: "save", key: "end", data: 1 })) as StorageItem;
        const mine = await storage.save("mine", 1);
        await log.until("end", end.version);
        await log.until("mine", mine.version);
        await until(() => told("end", end.version) && told("mine", mine.version));
        await settle();
        const here = log.changes;
        equal(timesTold(here), { counter: TIMES, theirs: 2, end: 1, mine: 1 }, "how often each key was told here");
        for (const key of ["counter", "theirs"]) {
          const versions = here.filter((each) => each.key === key).map(({ version }) => version);
          equal(versions, [...new Set(versions)].sort(), `the versions of ${key}, each once, upwards`);
        }
        equal(here.filter(({ key, origin }) => key === "counter" && origin === "self").length, TIMES / 2, "own steps");
        equal(
          peer.changes.filter(({ key }) => key === "counter").map(mirrored),
          here.filter(({ key }) => key === "counter"),
          "what the other was told of the counter",
        );
        equal(
          here.filter(({ key }) => key === "theirs").map(({ type, origin }) => [type, origin]),
          [
            ["save", "peer"],
            ["delete", "peer"],
          ],
          "what was told of the other's item",
        );
      },
      [watchingProcesses],
      tellsNothingOfPeers,
    ),
    withPeer(
      "are told one story by the feed, each commit once, and none is skipped for who polls meanwhile",
      async (context, peer) => {
        const storage = await context.open();
        const start = defined((await storage.getInfo()).cursor, "the cursor of getInfo");
        const work = new Aside(
          Promise.all([
            peer.perform({ do: "count", key: "counter", times: TIMES }),
            peer.perform({ do: "pairs", keys: ["pair/a", "pair/b"], times: TIMES / 2 }),
            count(storage, "counter", TIMES),
            create(
              storage,
              Array.from({ length: TIMES }, (_, index) => `mine ${index}`),
            ),
          ]),
        );
        const seen: Change[] = [];
        while (!work.isOver) {
          seen.push(...(await collect(storage.changes(seen.at(-1)?.cursor ?? start))));
          await macrotask();
        }
        await work.done;
        seen.push(...(await collect(storage.changes(seen.at(-1)?.cursor ?? start))));
        equal(seen, await collect(storage.changes(start)), "what was told bit by bit, against one pass");
        const theirs = (await peer.perform({ do: "changes", since: start })) as Change[];
        equal(theirs.map(mirrored), seen, "what the other is told");
        equal(seen.filter(({ key }) => key.startsWith("mine")).length, TIMES, "keys that were made here");
        for (const [key, times] of [
          ["counter", 2 * TIMES],
          ["pair/a", TIMES / 2],
          ["pair/b", TIMES / 2],
        ] as const) {
          const versions = seen.filter((change) => change.key === key).map(({ version }) => version);
          equal(versions.length, times, `how often ${key} is told of`);
          equal(versions, [...new Set(versions)].sort(), `the versions of ${key}, each once, upwards`);
        }
        const pairs = seen.map(({ key }, index) => [key, index] as const).filter(([key]) => key.startsWith("pair/"));
        for (let index = 0; index < pairs.length; index += 2) {
          equal(
            pairs[index + 1]?.[1],
            (pairs[index]?.[1] ?? 0) + 1,
            "where the second of a batch stands: right behind the first",
          );
        }
      },
      [racingProcesses, feeding, atomicBatches],
    ),
    withPeer("close without a word to the other", async (context, peer) => {
      const storage = await context.open();
      await peer.perform({ do: "save", key: "k", data: 1 });
      await peer.perform({ do: "close" });
      equal(await storage.load("k"), 1, "what the closed one wrote");
      await storage.save("k", 2);
      await peer.perform({ do: "open", now: context.clock.now() });
      await storage.close();
      equal(await peer.perform({ do: "load", key: "k" }), 2, "what the other loads once this one is closed");
      await peer.perform({ do: "save", key: "k", data: 3 });
      equal(await (await context.open()).load("k"), 3, "what it then wrote");
    }),
    withPeer("of which one is killed while it saves lose nothing acknowledged", async (context, peer) => {
      const storage = await context.open();
      const SIZE = 3_000;
      for (const [round, after] of [5, 40].entries()) {
        const victim = round === 0 ? peer : await PeerClient.start(context);
        const prefix = `round ${round}/`;
        await victim.performUntil({ do: "saveForEver", prefix, size: SIZE }, after);
        await victim.kill();
        await keepsWhatWasAcknowledged(storage, prefix, victim.saved.length, SIZE);
        await storage.save("still", round);
      }
      ok(context.capabilities.durability !== "memory", "what outlives its process is not declared as kept in memory");
      const reopened = await context.reopen();
      equal(await reopened.load("still"), 1, "what was saved after the last kill");
    }),
    withPeer(
      "of which one is killed while it overwrites leave feed, history and what stands of one mind",
      async (context) => {
        const VERSIONS = 1_000;
        const storage = await context.open({ settings: { history: { versions: VERSIONS } } });
        for (const [round, after] of [7, 40].entries()) {
          const start = defined((await storage.getInfo()).cursor, "the cursor of getInfo");
          const victim = await PeerClient.start(context, VERSIONS);
          await victim.performUntil({ do: "saveForEver", prefix: `${round}/`, size: 2_000, keys: 3 }, after);
          await victim.kill();
          const told = await collect(storage.changes(start));
          // The last words of who was killed may be lost.
          ok(told.length >= victim.saved.length, `${told.length} told, ${victim.saved.length} acknowledged`);
          for (const [index, { key, version }] of told.entries()) {
            equal(
              await storage.load(key, { version }),
              new Uint8Array(2_000).fill(index),
              `the value of save ${index}`,
            );
          }
          for (const key of [0, 1, 2].map((each) => `${round}/${each}`)) {
            const versions = told.filter((change) => change.key === key).map(({ version }) => version);
            const standing = versions.pop();
            equal(
              (await storage.stat(key))?.version,
              standing,
              `the version of ${key} that stands: the last that is told`,
            );
            const kept = (await storage.history(key)).map(({ version }) => version);
            equal(kept, versions.reverse(), `the versions of ${key} that are kept: all that are told but the last`);
          }
          equal((await storage.verify()).problems, [], "what verify finds");
        }
      },
      [feeding, keepingVersions],
    ),
    withPeer(
      "of which one is killed while it writes batches leave each as a whole or not at all",
      async (context) => {
        const SIZE = 20;
        for (const round of [0, 1, 2]) {
          const prefix = `batches ${round}/`;
          const acknowledged = await killWhileBatching(context, prefix, SIZE);
          const found = await roundsBelow(await context.openAdapter(), prefix);
          equal(found, Array(SIZE).fill(found[0]), "the rounds of the items that one list shows");
          // More may have come through than it could tell of before it died.
          const last = found[0] ?? 0;
          ok(last >= acknowledged, `round ${last} stands after ${acknowledged} was acknowledged`);
        }
      },
      [atomicBatches],
    ),
    aloneAndKilled,
  ],
};

function withPeer(
  name: string,
  run: (context: Context, peer: PeerClient) => Promise<void>,
  more: readonly Need[] = [],
  otherwise: Check = async () => undefined,
): Case {
  return {
    name,
    once: true,
    needs: [sharedStore, ...more],
    async otherwise(context) {
      promisesNothing(context);
      await otherwise(context);
    },
    async run(context) {
      await run(context, await PeerClient.start(context));
    },
  };
}

/** What is not promised is not done in secret. */
async function tellsNothingOfPeers(context: Context): Promise<void> {
  const { capabilities, backing } = context;
  // Elsewhere the store may be one that admits no second process.
  if (!sharedStore.metBy(capabilities, backing) || capabilities.watch !== "process") return;
  const [storage, peer] = [await context.open(), await PeerClient.start(context)];
  const log = await ChangeLog.start(storage);
  await peer.perform({ do: "save", key: "theirs", data: 1 });
  equal(
    await log.endedBy(storage, "end"),
    [],
    "what is told of another process, where watch is declared for this one alone",
  );
}

function timesTold(changes: readonly Change[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { key } of changes) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

/** The same change as the other process is told of it. */
function mirrored(change: Change): Change {
  return { ...change, origin: change.origin === "self" ? "peer" : "self" };
}
