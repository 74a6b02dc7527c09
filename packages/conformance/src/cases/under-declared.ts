import type { AdapterWrite, StorageAdapter } from "@holdfast/core";
import { defined, fail } from "../assert.js";
import type { Context } from "../context.js";
import { PeerClient } from "../peer/peer-client.js";
import { count } from "../peer/run-peer.js";
import { at, call, NOW, putInBatch, recordOf, versionOf } from "../samples/records.js";
import type { Case } from "../suite.js";
import { until } from "../turns.js";

/** Races that are tried before a store counts as one in which nobody ever loses; an honest one loses among the first. */
const RACES = 100;
const RACERS = 20;
/** As many rounds of steps that two processes count at once. */
const ROUNDS = 20;
const STEPS = 50;
const BATCHES = 30;
const BATCH_SIZE = 100;
const KILLS = 6;

/**
 * Levels below what the adapter does. Whoever relies on them takes the slow way, and nobody tests the fast one. Each is found by
 * the loss that it admits: what is looked for until it is seen cannot be held against an adapter that really has it.
 */
export const underDeclared: readonly Case[] = [
  {
    name: "compare-and-set reaches no further than is declared: beyond, somebody loses a race",
    once: true,
    async run(context) {
      const { capabilities, backing } = context;
      if (capabilities.compareAndSet === "none" && !(await losesBetweenAdapters(context))) {
        fail(
          `of ${RACES} races between two adapters each had one winner and no other: declare compareAndSet as process, or further`,
        );
      }
      if (capabilities.compareAndSet !== "process" || backing.peer === undefined) return;
      if (!(await losesBetweenProcesses(context))) {
        fail(
          `of ${2 * ROUNDS * STEPS} steps that two processes counted at once none was lost: declare compareAndSet as cross-process`,
        );
      }
    },
  },
  {
    name: "a batch that is declared as bulk can be seen in parts",
    once: true,
    async run(context) {
      const { batch, durability } = context.capabilities;
      if (batch !== "bulk") return;
      if ((await refusedInParts(context)) || (await abortedInParts(context)) || (await readInParts(context))) return;
      // What only a crash shows is not to be known where nobody can crash.
      if (durability !== "memory" && context.backing.peer === undefined) return;
      if (durability !== "memory" && (await killedInParts(context))) return;
      fail("every batch was there as a whole or not at all, whatever came between: declare batch as atomic");
    },
  },
];

/** Whether any of many races had no winner, several, or one that does not stand. */
async function losesBetweenAdapters(context: Context): Promise<boolean> {
  const adapters = [await context.openAdapter(), await context.openAdapter()];
  for (let race = 0; race < RACES; race++) {
    const key = `race ${race}`;
    const outcomes = await Promise.all(
      Array.from({ length: RACERS }, async (_, index) => {
        const adapter = defined(adapters[index % 2], "an adapter");
        // Upwards in one race, downwards in the next: the rule for versions must not decide it.
        const version = versionOf(race % 2 === 0 ? index : RACERS - index);
        const record = recordOf(adapter, key, version);
        const { outcome } = await adapter.put(record, { expect: "absent", now: NOW }, call);
        return outcome === "written" ? [version] : [];
      }),
    );
    const [winner, ...others] = outcomes.flat();
    const standing = await adapters[0]?.stat(key, at(NOW));
    if (winner === undefined || others.length > 0 || standing?.version !== winner) return true;
  }
  return false;
}

/** Whether two processes lose a step; or one is kept out, or kept from its work, of which nobody could make more than is declared. */
async function losesBetweenProcesses(context: Context): Promise<boolean> {
  const storage = await context.open();
  try {
    const peer = await PeerClient.start(context);
    for (let round = 1; round <= ROUNDS; round++) {
      const theirs = peer.perform({ do: "count", key: "counter", times: STEPS });
      await Promise.all([count(storage, "counter", STEPS), theirs]);
      if ((await storage.load("counter")) !== 2 * round * STEPS) return true;
    }
    return false;
  } catch {
    return true;
  }
}

/** Whether a batch with an operation in the way leaves the others done. */
async function refusedInParts(context: Context): Promise<boolean> {
  const adapter = await context.openAdapter();
  await adapter.put(recordOf(adapter, "stands", versionOf(10)), { expect: "any", now: NOW }, call);
  const inTheWay = [
    putInBatch(recordOf(adapter, "stands", versionOf(20)), "absent"),
    putInBatch(recordOf(adapter, "stands", versionOf(5))),
  ];
  for (const [round, write] of inTheWay.entries()) {
    const prefix = `refused ${round}/`;
    const others = writesOf(adapter, prefix, 1);
    await adapter.batch?.([...others.slice(0, -1), write, ...others.slice(-1)], { now: NOW, ...call });
    if ((await roundsBelow(adapter, prefix)).length > 0) return true;
  }
  return false;
}

async function abortedInParts(context: Context): Promise<boolean> {
  const [writer, reader] = [await context.openAdapter(), await context.openAdapter()];
  for (let round = 0; round < BATCHES; round++) {
    const prefix = `aborted ${round}/`;
    const controller = new AbortController();
    const writing = settled(writer.batch?.(writesOf(writer, prefix, 1), { now: NOW, signal: controller.signal }));
    for (let turn = 0; turn < round; turn++) await Promise.resolve();
    controller.abort();
    await writing;
    if (isPart(await roundsBelow(reader, prefix))) return true;
  }
  return false;
}

async function readInParts(context: Context): Promise<boolean> {
  const [writer, reader] = [await context.openAdapter(), await context.openAdapter()];
  for (let round = 1; round <= BATCHES; round++) {
    let written = false;
    const writing = settled(writer.batch?.(writesOf(writer, "read/", round), { now: NOW, ...call })).then(() => {
      written = true;
    });
    const lists: Promise<number[]>[] = [];
    await until(() => {
      lists.push(roundsBelow(reader, "read/"));
      return written;
    });
    await writing;
    if ((await Promise.all(lists)).some(isPart)) return true;
  }
  return false;
}

/** Whether a process that is killed in the middle of a batch leaves some of it. */
async function killedInParts(context: Context): Promise<boolean> {
  for (let kill = 0; kill < KILLS; kill++) {
    const prefix = `killed ${kill}/`;
    // The store may admit one process at a time.
    await context.close();
    await killWhileBatching(context, prefix, BATCH_SIZE);
    if (isPart(await roundsBelow(await context.openAdapter(), prefix))) return true;
  }
  return false;
}

/** Kills a process that writes one batch after the other; resolves to the last round that it was acknowledged. */
export async function killWhileBatching(context: Context, prefix: string, size: number): Promise<number> {
  const peer = await PeerClient.start(context);
  await peer.performUntil({ do: "batchForEver", prefix, size }, 3);
  await peer.kill();
  return peer.saved.at(-1) ?? 0;
}

function writesOf(adapter: StorageAdapter, prefix: string, round: number): AdapterWrite[] {
  return Array.from({ length: BATCH_SIZE }, (_, index) =>
    putInBatch(recordOf(adapter, `${prefix}${index}`, versionOf(round * BATCH_SIZE + index), { metadata: { round } })),
  );
}

/** The round of each item below the prefix. */
export async function roundsBelow(adapter: StorageAdapter, prefix: string): Promise<number[]> {
  const headers = await adapter.list({ prefix, after: undefined, limit: 2 * BATCH_SIZE }, at(NOW));
  return headers.map(({ metadata }) => metadata["round"] as number);
}

/** Neither nothing nor one batch whole. */
function isPart(rounds: readonly number[]): boolean {
  return rounds.length > 0 && (rounds.length < BATCH_SIZE || rounds.some((round) => round !== rounds[0]));
}

/** A batch that was given up rejects, or was done before. */
async function settled(work: unknown): Promise<void> {
  await Promise.allSettled([work]);
}
