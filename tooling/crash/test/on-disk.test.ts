import { SeededRandom } from "@holdfast/conformance";
import { describe, expect, it } from "vitest";
import { type CrashState, CrashStates } from "../src/replay/crash-states.ts";
import { savedBy } from "../src/replay/ledger.ts";
import { recoverOnDisk, recoverSimulated } from "../src/replay/on-disk.ts";
import { record } from "../src/replay/record.ts";
import { emptyDisk } from "../src/replay/simulated-store.ts";
import { chooseSeed } from "../src/seed.ts";
import { planOf } from "../src/workload/plan.ts";

const SAMPLES = 24;
const WRITERS = 2;
const STEPS = 14;

describe("the simulated disk", () => {
  const seed = chooseSeed();

  it(`leads to the same files and items as a real one, from ${SAMPLES} states (HOLDFAST_SEED=${seed})`, async () => {
    const options = { seed, steps: STEPS, keys: 6 };
    const trace = await record({ ...options, writers: WRITERS });
    const plans = Array.from({ length: WRITERS }, (_, writer) => planOf({ ...options, round: 0, writer }));
    const saved = savedBy(plans);
    const random = new SeededRandom(seed);
    const crashStates = new CrashStates(trace, emptyDisk(), random);
    let withFiles = 0;
    for (let sample = 1; sample <= SAMPLES; sample++) {
      const end = Math.floor((sample * trace.length) / SAMPLES);
      const state = random.pick([...crashStates.at(end, 16)]) as CrashState;
      const real = await recoverOnDisk(state, saved);
      expect(real, `power off after event ${end}`).toEqual(await recoverSimulated(state, saved));
      expect(real.inspection.wrong).toEqual([]);
      if (real.tree.length > 10) withFiles++;
    }
    expect(withFiles).toBeGreaterThan(SAMPLES / 2);
  }, 600_000);
});
