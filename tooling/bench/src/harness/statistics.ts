/** The middle of several measurements and the bounds of their middle half. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("there is no spread of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) };
}

/**
 * How many times as long `times` took as `reference`, round by round: what disturbed a round disturbed both, so the ratio
 * of neighbours is steadier than the ratio of two medians.
 */
export function ratios(times: readonly number[], reference: readonly number[]): number[] {
  if (times.length !== reference.length) throw new RangeError("ratios want the same rounds on both sides");
  return times.map((time, round) => time / (reference[round] ?? Number.NaN));
}

/** Between the two nearest values, linearly. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
