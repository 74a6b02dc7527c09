import { describe, expect, it } from "vitest";
import { replay } from "../src/replay/replay.ts";
import { chooseSeed } from "../src/seed.ts";

const STATES = 4_000;

describe("filesystem: the power goes at any instant", () => {
  const seed = chooseSeed();

  it(`and ${STATES} legal states of the disk are recovered from (HOLDFAST_SEED=${seed})`, async () => {
    let states = 0;
    for (let run = 0; states < STATES; run++) {
      const report = await replay({
        seed: seed + run,
        writers: 2,
        steps: 14,
        states: 2_000,
        mostAtOnce: 64,
        again: 0.05,
      });
      expect(report.wrong).toEqual([]);
      states += report.states;
    }
  }, 1_800_000);
});
