/** Three significant digits, in the unit that suits. */
export function formatTime(microseconds: number): string {
  if (microseconds < 1_000) return `${significant(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${significant(microseconds / 1_000)} ms`;
  return `${significant(microseconds / 1_000_000)} s`;
}

export function formatRatio(ratio: number): string {
  return `${ratio >= 0.1 && ratio < 10 ? ratio.toFixed(2) : significant(ratio)}×`;
}

export function formatRate(perSecond: number): string {
  return Number(perSecond.toPrecision(3)).toLocaleString("en-US");
}

function significant(value: number): string {
  return value >= 1_000 ? String(Math.round(value)) : value.toPrecision(3);
}
