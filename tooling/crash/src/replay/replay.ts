import { SeededRandom } from "@holdfast/conformance";
import { type Inspection, judge } from "../check-store.ts";
import { planOf } from "../workload/plan.ts";
import { checkPairs } from "./check-pairs.ts";
import { type CrashState, CrashStates } from "./crash-states.ts";
import { Ledger, savedBy } from "./ledger.ts";
import { type RecordOptions, record } from "./record.ts";
import { LATER, Recoveries } from "./recoveries.ts";
import { emptyDisk } from "./simulated-store.ts";

export interface ReplayOptions extends RecordOptions {
  /** States to look at, at least; those that hold the same are recovered from once and counted each time. */
  readonly states: number;
  /** Of one instant. */
  readonly mostAtOnce: number;
  /** How many of the recoveries are themselves cut short and recovered from, from 0 to 1. */
  readonly again: number;
}

export interface ReplayReport {
  /** Events of the recorded run. */
  readonly events: number;
  /** Legal states of the disk, at all instants together. */
  readonly states: number;
  /** States that held something else than those before them. */
  readonly distinct: number;
  /** Real recoveries: one from each distinct state, and those around recoveries that were cut short. */
  readonly recovered: number;
  /** Stores that differed after recovery: each was looked at in full. */
  readonly outcomes: number;
  readonly wrong: readonly string[];
}

/** States that are looked at of a recovery that is cut short. */
const SECONDS = 10;
/** Another day later. */
const EVEN_LATER = LATER + 24 * 60 * 60 * 1_000;

/**
 * Records a run, lets the power go at each of its events, and recovers from every legal state of the disk, or from as many as
 * were asked for: what was acknowledged must stand, whole, and the store must find nothing wrong with itself.
 */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const { seed, writers, steps, keys, states: wanted, mostAtOnce, again, adapter } = options;
  const trace = await record({ seed, writers, steps, keys, adapter, shortWrites: options.shortWrites });
  const plans = Array.from({ length: writers }, (_, writer) => planOf({ seed, round: 0, writer, steps, keys }));
  const most = Math.min(mostAtOnce, Math.max(4, Math.ceil((2 * wanted) / trace.length)));
  const random = new SeededRandom(seed ^ 0x5ca1ab1e);
  const choice = new SeededRandom(seed ^ 0x0ddba11);
  const crashStates = new CrashStates(trace, emptyDisk(), random);
  const recoveries = new Recoveries({ saved: savedBy(plans), adapter });
  const ledger = new Ledger(plans);
  const known = new Map<string, Inspection>();
  // Explained by what the writers were told so far.
  let explained = new Set<Inspection>();
  let states = 0;
  const report = (end: number, wrong: readonly string[]): ReplayReport => ({
    events: trace.length,
    states,
    distinct: known.size,
    recovered: recoveries.count,
    outcomes: recoveries.outcomes,
    wrong: wrong.map((each) => `seed ${seed}, power off after event ${end}: ${each}`),
  });
  try {
    for (let end = 0; end <= trace.length; end++) {
      const before = trace[end - 1];
      if (before?.type === "told") {
        ledger.take(before);
        explained = new Set();
      }
      for (const state of crashStates.at(end, most)) {
        states++;
        let inspection = known.get(state.signature);
        if (inspection === undefined) {
          // Not after a second loss of power: then an older file may wait for its removal with nothing but the table to tell of it.
          const alone = checkPairs(state.files, ledger.deleted);
          if (alone.length > 0) return report(end, alone);
          inspection = await recoveries.of(state);
          known.set(state.signature, inspection);
          if (choice.fraction() < again / SECONDS) {
            const wrong = await recoverAgain(state, recoveries, ledger, choice);
            if (wrong.length > 0) return report(end, wrong);
          }
        }
        if (explained.has(inspection)) continue;
        const wrong = judge(inspection, ledger.oracles);
        if (wrong.length > 0) return report(end, wrong);
        explained.add(inspection);
      }
    }
    return report(trace.length, []);
  } finally {
    recoveries.close();
  }
}

/** The power goes once more, while the store is being recovered. */
async function recoverAgain(
  state: CrashState,
  recoveries: Recoveries,
  ledger: Ledger,
  random: SeededRandom,
): Promise<string[]> {
  for (const second of await recoveries.interrupt(state, SECONDS, random)) {
    const wrong = judge(await recoveries.of(second, EVEN_LATER), ledger.oracles);
    if (wrong.length > 0) return wrong.map((each) => `and again during the recovery: ${each}`);
  }
  return [];
}
