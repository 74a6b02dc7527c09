import { replay } from "../replay/replay.ts";
import type { Mutant } from "./mutant.ts";
import { mutatedAdapter } from "./mutated-adapter.ts";

export interface Judgement {
  /** What was found wrong first; undefined: the mutant lives. */
  readonly noticed: string | undefined;
  readonly states: number;
}

// Each seed is another run; a mutant that lives through all of them is one that nothing notices.
const SEEDS = 24;

/** Replays the loss of power against a mutant until something is found wrong. */
export async function judge(mutant: Mutant, seed: number): Promise<Judgement> {
  const { adapter, remove } = await mutatedAdapter(mutant);
  let states = 0;
  try {
    for (let run = 0; run < SEEDS; run++) {
      const { shortWrites } = mutant;
      const report = await replay({
        seed: seed + run,
        writers: 2,
        steps: 12,
        keys: 3,
        // The ends of each instant: nothing that may be lost is there, all of it is, and two in between.
        states: 1,
        mostAtOnce: 4,
        again: 0,
        adapter,
        shortWrites,
      });
      states += report.states;
      if (report.wrong.length > 0) return { noticed: report.wrong[0], states };
    }
    return { noticed: undefined, states };
  } catch (error) {
    return { noticed: error instanceof Error ? error.message : String(error), states };
  } finally {
    remove();
  }
}
