import type { Spread } from "../harness/statistics.ts";

export interface RangePlot {
  readonly title: string;
  readonly caption: string;
  readonly rows: readonly PlotRow[];
  format(value: number): string;
}

interface PlotRow {
  readonly label: string;
  /** The dot is the median, the line the middle half. */
  readonly range: Spread;
  readonly emphasis: "ours" | "limit" | "beside";
  /** A bar from the left edge to here, such as what a target allows. */
  readonly until?: number;
}

const WIDTH = 760;
const LABELS = 300;
const RIGHT = 90;
const HEAD = 56;
const ROW = 26;
const FOOT = 30;

// Middle tones that stand out on light and on dark pages; the text takes the reader's scheme.
const STYLE = `
text{font:13px system-ui,sans-serif;fill:#1f2328}
.title{font-weight:600;font-size:15px}.quiet{fill:#656d76}.grid{stroke:#8b949e;stroke-opacity:.3}
.ours{fill:#1a7f37;stroke:#1a7f37}.limit{fill:#bf5b04;stroke:#bf5b04}.beside{fill:#57708f;stroke:#57708f}
.until{fill:#1a7f37;fill-opacity:.15}text.ours{stroke:none;font-weight:600}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9198a1}.ours{fill:#3fb950;stroke:#3fb950}text.ours{fill:#3fb950}
.limit{fill:#e08a3c;stroke:#e08a3c}.beside{fill:#8aa4c6;stroke:#8aa4c6}}`;

/** Medians as dots with their middle half, on a logarithmic axis, since contenders lie orders of magnitude apart. */
export function rangePlot({ title, caption, rows, format }: RangePlot): string {
  const values = rows.flatMap(({ range, until }) => [range.low, range.high, ...(until === undefined ? [] : [until])]);
  const ticks = ticksAround(Math.min(...values), Math.max(...values));
  const [first = 1, last = 10] = [ticks[0], ticks.at(-1)];
  const x = (value: number) => LABELS + ((WIDTH - LABELS - RIGHT) * Math.log(value / first)) / Math.log(last / first);
  const bottom = HEAD + rows.length * ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + FOOT}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="8" y="20">${escapeXml(title)}</text>`,
    `<text class="quiet" x="8" y="40">${escapeXml(caption)}; logarithmic</text>`,
    ...ticks.map((tick) => gridLine(x(tick), bottom, format(tick))),
    ...rows.map((row, index) => plotRow(row, HEAD + index * ROW + ROW / 2, x, format)),
    "</svg>\n",
  ].join("\n");
}

function gridLine(x: number, bottom: number, label: string): string {
  const at = x.toFixed(1);
  return `<line class="grid" x1="${at}" x2="${at}" y1="${HEAD}" y2="${bottom}"/><text class="quiet" x="${at}" y="${bottom + 18}" text-anchor="middle">${escapeXml(label)}</text>`;
}

function plotRow(
  { label, range, emphasis, until }: PlotRow,
  y: number,
  x: (value: number) => number,
  format: (value: number) => string,
): string {
  const bar =
    until === undefined
      ? ""
      : `<rect class="until" x="${LABELS}" y="${y - 9}" width="${(x(until) - LABELS).toFixed(1)}" height="18"/>`;
  const [low, median, high] = [x(range.low), x(range.median), x(range.high)];
  return [
    bar,
    `<text${emphasis === "ours" ? ' class="ours"' : ""} x="${LABELS - 12}" y="${y + 4}" text-anchor="end">${escapeXml(label)}</text>`,
    `<line class="${emphasis}" stroke-width="3" x1="${low.toFixed(1)}" x2="${high.toFixed(1)}" y1="${y}" y2="${y}"/>`,
    `<circle class="${emphasis}" cx="${median.toFixed(1)}" cy="${y}" r="5"/>`,
    `<text x="${(Math.max(high, median + 5) + 8).toFixed(1)}" y="${y + 4}">${escapeXml(format(range.median))}</text>`,
  ].join("");
}

/** 1, 2 and 5 times powers of ten, from the last one below to the first one above. */
function ticksAround(low: number, high: number): number[] {
  const steps: number[] = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)) + 1; power++) {
    // Built from its text, since powers of ten below 1 are no sums of halves.
    for (const digit of [1, 2, 5]) steps.push(Number(`${digit}e${power}`));
  }
  const from = steps.findLastIndex((step) => step < low);
  const to = steps.findIndex((step) => step > high);
  return steps.slice(from, to + 1);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
