import { checkStore } from "../check-store.ts";
import { WriterOracle } from "../oracle.ts";
import { Random } from "../random.ts";
import { planOf, type Step } from "../workload/plan.ts";
import { checkPairs } from "./check-pairs.ts";
import { type CrashState, crashStates } from "./crash-states.ts";
import { HurriedPorts } from "./hurried-ports.ts";
import { type RecordOptions, record } from "./record.ts";
import { emptyDisk, openSimulated } from "./simulated-store.ts";
import type { Event, Trace } from "./trace.ts";

export interface ReplayOptions extends RecordOptions {
  /** States to look at, at least; those that hold the same are recovered once and counted each time. */
  readonly states: number;
  /** Of one instant. */
  readonly mostAtOnce: number;
  /** How many of the recoveries are themselves cut short and recovered from, from 0 to 1. */
  readonly again: number;
  readonly progress?: ((states: number, recovered: number) => void) | undefined;
}

export interface ReplayReport {
  /** Events of the recorded run. */
  readonly events: number;
  readonly states: number;
  /** Real recoveries: states that differed, and recoveries that were cut short. */
  readonly recovered: number;
  readonly wrong: readonly string[];
}

/**
 * Records a run, lets the power go at each of its events, and recovers from every legal state of the disk, or from as many as
 * were asked for: what was acknowledged must stand, whole, and the store must find nothing wrong with itself.
 */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const { seed, writers, steps, keys, states: wanted, mostAtOnce, again, adapter, progress } = options;
  const trace = await record({ seed, writers, steps, keys, adapter, shortWrites: options.shortWrites });
  const plans = Array.from({ length: writers }, (_, writer) => planOf({ seed, round: 0, writer, steps, keys }));
  const most = Math.min(mostAtOnce, Math.max(4, Math.ceil((2 * wanted) / trace.length)));
  const found = { events: trace.length, states: 0, recovered: 0, wrong: [] as string[] };
  const report = (end: number, wrong: readonly string[]): ReplayReport => ({
    ...found,
    wrong: wrong.map((each) => `seed ${seed}, power off after event ${end}: ${each}`),
  });
  // The files alone first, which takes no recovery. Not after a second loss of power: then an older file may wait for its
  // removal with nothing but the table to tell of it.
  for (const { state, end } of distinctStates(trace, seed, most)) {
    const wrong = checkPairs(state.files, deletedBy(trace, end, plans));
    if (wrong.length > 0) return report(end, wrong);
  }
  const random = new Random(seed ^ 0x0ddba11);
  for (const { state, end, states } of distinctStates(trace, seed, most)) {
    found.states = states;
    const counted = () => found.recovered++;
    const wrong = await recover(state, oraclesAt(trace, end, plans), { random, again, adapter, counted });
    if (wrong.length > 0) return report(end, wrong);
    progress?.(found.states, found.recovered);
  }
  return report(trace.length, []);
}

/** Each state that differs from those before it, or after which more had been acknowledged; with how many states were met so far. */
function* distinctStates(
  trace: Trace,
  seed: number,
  most: number,
): Generator<{ state: CrashState; end: number; states: number }> {
  const random = new Random(seed ^ 0x5ca1ab1e);
  const seen = new Set<string>();
  const start = emptyDisk();
  let acknowledged = 0;
  let states = 0;
  for (let end = 0; end <= trace.length; end++) {
    const before = trace[end - 1];
    if (before?.type === "told" && before.told === "done") acknowledged++;
    for (const state of crashStates(trace, { start, end, most, random })) {
      states++;
      const signature = `${acknowledged}|${state.signature}`;
      if (seen.has(signature)) continue;
      seen.add(signature);
      yield { state, end, states };
    }
  }
}

/** Keys that some step begun so far deletes. */
function deletedBy(trace: Trace, end: number, plans: readonly (readonly Step[])[]): Set<string> {
  const deleted = new Set<string>();
  for (const event of trace.slice(0, end)) {
    const step = event.type === "told" ? plans[event.writer]?.[event.index] : undefined;
    if (step?.do === "delete") deleted.add(step.key);
    else if (step?.do === "batch") for (const key of step.deletes) deleted.add(key);
  }
  return deleted;
}

interface Recovery {
  readonly random: Random;
  readonly again: number;
  readonly adapter: ReplayOptions["adapter"];
  readonly counted: () => void;
}

async function recover(state: CrashState, oracles: WriterOracle[], recovery: Recovery): Promise<string[]> {
  const { random, again, adapter, counted } = recovery;
  const log: Event[] = [];
  counted();
  const ports = new HurriedPorts(random, LATER);
  try {
    const told = (event: Event) => log.push(event);
    const { storage, disk } = await openSimulated({
      files: state.files.clone(),
      database: state.database,
      ports,
      told,
      adapter,
    });
    await storage.flush();
    const wrong = await checkStore(
      storage,
      oracles.map((oracle) => oracle.clone()),
    );
    await storage.close();
    if (disk.descriptors > 0) wrong.push(`${disk.descriptors} files were left open`);
    if (wrong.length > 0 || random.next() >= again) return wrong;
  } catch (error) {
    return [
      `the store does not open: ${error instanceof Error ? `${error.stack} ${String(error.cause)}` : String(error)}`,
    ];
  }
  // The power goes once more, while the store is being recovered.
  const trace: Trace = state.database === undefined ? log : [{ type: "commit", database: state.database }, ...log];
  const end = trace.length - random.below(log.length + 1);
  for (const second of crashStates(trace, { start: state.files, end, most: 1, random })) {
    const wrong = await recover(second, oracles, { ...recovery, again: again / 2 });
    if (wrong.length > 0) return wrong.map((each) => `and again after event ${end} of the recovery: ${each}`);
  }
  return [];
}

function oraclesAt(trace: Trace, end: number, plans: readonly (readonly Step[])[]): WriterOracle[] {
  const oracles = plans.map(
    (plan) =>
      new WriterOracle(
        plan.flatMap((step) =>
          step.do === "save" ? [step.key] : step.do === "batch" ? step.saves.map(({ key }) => key) : [],
        ),
      ),
  );
  const last = plans.map(() => new Map<number, "begun" | "done" | "unknown">());
  for (const event of trace.slice(0, end)) {
    if (event.type === "told") last[event.writer]?.set(event.index, event.told);
  }
  for (const [writer, answers] of last.entries()) {
    for (const [index, told] of answers) {
      const step = plans[writer]?.[index];
      if (step !== undefined) oracles[writer]?.take(step, told);
    }
  }
  return oracles;
}

// Well behind anything that the recorded run did, so that no file counts as fresh.
const LATER = Date.UTC(2026, 5, 1);
