import fc from "fast-check";
import { expect, it } from "vitest";
import { LatencyHistogram } from "../../dist/engine/latency-histogram.js";

const BUCKET_WIDTH = 2 ** (1 / 16);

function histogramOf(durations: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const duration of durations) histogram.add(duration);
  return histogram;
}

it("tells percentiles that are never below the true ones, and at most a bucket above", () => {
  const durations = fc.array(fc.double({ min: 0.001, max: 4_000_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(durations, (all) => {
      const sorted = all.toSorted((a, b) => a - b);
      const { p50, p95, p99, max, total } = histogramOf(all).read();
      for (const [fraction, told] of [
        [0.5, p50],
        [0.95, p95],
        [0.99, p99],
      ] as const) {
        const truth = sorted[Math.ceil(fraction * sorted.length) - 1] ?? Number.NaN;
        // A last digit of the logarithm may round either way at the end of a bucket.
        expect(told).toBeGreaterThanOrEqual(truth * (1 - 1e-12));
        expect(told).toBeLessThanOrEqual(truth * BUCKET_WIDTH * (1 + 1e-12));
      }
      expect(max).toBe(sorted.at(-1));
      expect(total).toBeCloseTo(
        all.reduce((sum, each) => sum + each, 0),
        3,
      );
    }),
  );
});

it("is exact at the ends: nothing at all, no time, one value, longer than the last bucket", () => {
  expect(histogramOf([]).read()).toEqual({ total: 0, p50: 0, p95: 0, p99: 0, max: 0 });
  expect(histogramOf([0, 0]).read()).toEqual({ total: 0, p50: 0, p95: 0, p99: 0, max: 0 });
  expect(histogramOf([3]).read()).toEqual({ total: 3, p50: 3, p95: 3, p99: 3, max: 3 });
  const week = 7 * 24 * 3_600_000;
  expect(histogramOf([week, week]).read()).toMatchObject({ p50: week, max: week });
});

it("separates the slow few from the many", () => {
  const { p50, p95, p99, max } = histogramOf([...Array<number>(97).fill(1), 100, 200, 1_000]).read();
  expect(p50).toBeLessThan(1.05);
  expect(p95).toBeLessThan(1.05);
  expect(p99).toBeGreaterThanOrEqual(200);
  expect(p99).toBeLessThan(209);
  expect(max).toBe(1_000);
});

it("counts what took no time, or hardly any, among the rest", () => {
  for (const short of [0, 0.000_5, 0.001, 0.002]) {
    const { p50 } = histogramOf([short, short, short, 100]).read();
    expect(p50, `${short}`).toBeGreaterThanOrEqual(short);
    expect(p50, `${short}`).toBeLessThan(0.002_1);
  }
});
