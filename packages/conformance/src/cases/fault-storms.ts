import { type StorageEngine, StorageError } from "@holdfast/core";
import fc from "fast-check";
import { equal, ok } from "../assert.js";
import type { Context } from "../context.js";
import { show } from "../difference.js";
import type { Fault } from "../faults/fault.js";
import { faulty } from "../faults/faulty-adapter.js";
import { generated } from "../generated.js";
import type { Case } from "../suite.js";

const CLIENTS = 3;
const ROUNDS = 12;

/** Faults by chance, many at once, over several clients. */
export const faultStorms: readonly Case[] = [
  {
    name: "in a storm of failures nothing acknowledged is lost and nothing refused is written",
    async run(context) {
      const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
      const witness = await context.open();
      let storm = 0;
      await generated(context, 4, seeds, async (seed) => weather(context, witness, `storm ${storm++}`, seed));
      equal((await witness.verify()).problems, [], "what verify finds afterwards");
    },
  },
];

const METHODS = ["stat", "get", "put", "delete", "list", "query", "count"] as const;

/** Calls that never arrive, and reads that are answered from the past: whoever is refused has written nothing. */
const late: readonly Fault[] = [
  ...METHODS.map((method): Fault => ({ method, fault: "before", probability: 0.2 })),
  { method: "get", fault: "stale", probability: 0.2 },
];

/** Besides, answers that are lost and calls that arrive twice. */
const lossy: readonly Fault[] = [
  ...late,
  ...METHODS.map((method): Fault => ({ method, fault: "after", probability: 0.2 })),
  { method: "put", fault: "duplicate", probability: 0.1 },
  { method: "delete", fault: "duplicate", probability: 0.1 },
];

async function weather(context: Context, witness: StorageEngine, name: string, seed: number): Promise<void> {
  const opened = (index: number, faults: readonly Fault[]) =>
    context.open({
      settings: { retry: { retries: 1, minDelay: 0 } },
      through: (sound) => faulty(sound, { seed: seed + index, faults }),
    });
  const owners = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => opened(index, lossy)));
  // Where nothing is promised to racing openings, one of them counts alone.
  const counting = context.capabilities.compareAndSet === "none" ? 1 : CLIENTS;
  const counters = await Promise.all(Array.from({ length: counting }, (_, index) => opened(index, late)));
  const [counted] = await Promise.all([
    Promise.all(counters.map((storage) => count(storage, `${name}/counter`))),
    Promise.all(owners.map((storage, index) => keepWriting(storage, witness, `${name}/own ${index}`))),
  ]);
  const acknowledged = counted.reduce((sum, each) => sum + each, 0);
  equal((await witness.load<number>(`${name}/counter`)) ?? 0, acknowledged, "what the counter stands at");
}

/** One writer of a key: what it was told holds, and where it was told nothing the old or the new value stands. */
async function keepWriting(storage: StorageEngine, witness: StorageEngine, key: string): Promise<void> {
  let standing: unknown;
  for (let round = 0; round < ROUNDS; round++) {
    const value = round % 5 === 4 ? undefined : `${key}:${round}`;
    const done = await succeeded(() => (value === undefined ? storage.delete(key) : storage.save(key, value)));
    const possible = done ? [value] : [standing, value];
    standing = await witness.load(key);
    ok(possible.includes(standing), `${show(standing)} does not stand where ${possible.map(show).join(" or ")} must`);
  }
}

/** One of several writers of a key; returns how often it was told that it had counted. */
async function count(storage: StorageEngine, key: string): Promise<number> {
  let counted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (await succeeded(() => storage.update<number>(key, (current = 0) => current + 1))) counted++;
  }
  return counted;
}

/** Whether the call was answered; false when its outcome is unknown. */
async function succeeded(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    ok(StorageError.is(error, "UNAVAILABLE"), `a failure comes out as UNAVAILABLE, not ${show(error)}`);
    return false;
  }
}
