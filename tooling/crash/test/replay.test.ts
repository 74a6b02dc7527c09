import { describe, expect, it } from "vitest";
import { replay } from "../src/replay/replay.ts";
import { chooseSeed } from "../src/seed.ts";

const STATES = 20_000;

describe("filesystem: the power goes at any instant", () => {
  const seed = chooseSeed();

  it(`and ${STATES} legal states of the disk are recovered from (HOLDFAST_SEED=${seed})`, async () => {
    for (let run = 0, states = 0; states < STATES; run++) {
      const report = await replay({
        seed: seed + run,
        writers: 2,
        steps: 14,
        // Many overwrites under a few names, and all kinds of names, in turn.
        keys: run % 2 === 0 ? 5 : undefined,
        states: 8_000,
        mostAtOnce: 256,
        again: 0.05,
      });
      expect(report.wrong).toEqual([]);
      states += report.states;
    }
  }, 1_800_000);
});
