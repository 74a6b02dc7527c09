import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { coalesce } from "../src/store/coalesce.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const PAUSE = 100;

/** Work that fails for as long as `fails` says, with the moments at which it ran and the errors that were told. */
function counted() {
  const began = Date.now();
  const state = { fails: false };
  const runs: number[] = [];
  const told: unknown[] = [];
  const work = async () => {
    runs.push(Date.now() - began);
    if (state.fails) throw new Error("away");
  };
  return { state, runs, told, work: coalesce(work, PAUSE, (error) => told.push(error)) };
}

describe("work that is asked for again and again", () => {
  it("runs once for many calls, and once more after the last", async () => {
    const { work, runs } = counted();
    for (let call = 0; call < 5; call++) work.again();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(runs).toEqual([0, PAUSE]);
  });

  it("that fails is tried again later each time, and told of once in a row", async () => {
    const { state, work, runs, told } = counted();
    state.fails = true;
    work.again();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(runs).toEqual([0, 2_000, 6_000, 14_000]);
    expect(told).toHaveLength(1);
    state.fails = false;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(runs).toEqual([0, 2_000, 6_000, 14_000, 30_000]);
    state.fails = true;
    work.again();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toHaveLength(2);
    const waits = runs.slice(5, 13).map((at, index, all) => at - (all[index - 1] ?? 615_000));
    expect(waits).toEqual([0, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("begins no more after the end, be it a call, a run that waits or one that fails", async () => {
    const { state, work, runs, told } = counted();
    state.fails = true;
    work.again();
    work.again();
    await vi.advanceTimersByTimeAsync(1_000);
    work.end();
    work.again();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(runs).toEqual([0, PAUSE]);
    expect(told).toHaveLength(1);
  });
});
