import { describe, expect, it } from "vitest";
import { ITEMS, KillTrial } from "../../src/kills/kill-trial.ts";
import type { Moment } from "../../src/kills/run-process.ts";
import { BATCH } from "../../src/kills/stores.ts";

/** Of each kind of moment and each variant. The rest of two hundred is in core's tests, without processes. */
const KILLS = 5;

const seed = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);

function random(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe.each(["empty", "overwrite"] as const)("a process that is killed while it migrates (%s)", (variant) => {
  it(`is continued by the next one, which sends nothing twice and ends as if nothing had been (HOLDFAST_SEED=${seed})`, async () => {
    const next = random(seed);
    await using trial = await KillTrial.prepare(variant);
    const { calls, milliseconds } = trial.uninterrupted;
    const moments = Array.from({ length: KILLS }, (): Moment[] => [
      { call: 1 + Math.floor(next() * calls), when: next() < 0.5 ? "before" : "after" },
      { milliseconds: next() * milliseconds },
    ]).flat();
    let kills = 0;
    for (const moment of moments) {
      const { killed, arrived, report, sent, left } = await trial.kill(moment);
      const told = JSON.stringify(moment);
      if (killed) kills++;
      expect(report, told).toMatchObject({ ok: true, planned: { items: ITEMS }, verified: ITEMS, failures: [] });
      expect(report.copied + report.unchanged, told).toBe(ITEMS);
      expect(sent, told).toBe(ITEMS - arrived);
      // Nor is more than a batch looked at again; but for one that was killed while it cleared its journal, whose end goes first.
      if (report.resumed && arrived < ITEMS) expect(report.unchanged, told).toBeLessThanOrEqual(BATCH);
      expect(left, told).toEqual(trial.left);
    }
    // One that is to die at a call cannot come to its end before.
    expect(kills).toBeGreaterThanOrEqual(KILLS);
  }, 600_000);
});
