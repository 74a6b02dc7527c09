import { countOf, formatBytes, formatCount, formatDuration } from "./format.js";

/** What long work tells from time to time; core's `Progress` is one. */
export interface ProgressState {
  phase: string;
  items: number;
  totalItems?: number;
  /** Left out where the work is not about bytes. */
  bytes?: number;
  /** What one of the items is called. Default: "item". */
  unit?: string;
  /** Where the work itself knows better than what was seen here: it may have gone on from an earlier run. */
  bytesPerSecond?: number;
  /** Milliseconds. */
  remaining?: number;
}

/** Shows how long work goes on. One phase at a time; a new name begins the next. */
export interface ProgressView {
  /** `update`; undefined where nothing is shown, since work may have to count first for whoever listens. */
  readonly listener: ((state: ProgressState) => void) | undefined;
  update(state: ProgressState): void;
  /** The work is done: leaves the last phase's result behind. */
  end(): void;
  /** The work failed: leaves nothing behind that looks done. */
  abandon(): void;
}

export interface ProgressTarget {
  write(text: string): unknown;
  readonly columns?: number | undefined;
}

export interface ProgressViewOptions {
  /** `bar`: redrawn in place, for terminals; `lines`: a plain line now and then; `none`: nothing. */
  mode: "bar" | "lines" | "none";
  target: ProgressTarget;
  /** Milliseconds from any instant on. */
  now: () => number;
}

// A bar that moves smoothly, and lines that do not flood a log.
const INTERVALS = { bar: 80, lines: 2_000 };
const BAR_WIDTH = { least: 8, most: 24 };
const CLEAR_LINE = "\r\u001b[K";

/** A progress library would have to be wrapped for all three modes; drawing the bar is the least part. */
export function createProgressView({ mode, target, now }: ProgressViewOptions): ProgressView {
  if (mode === "none") return { listener: undefined, update: ignore, end: ignore, abandon: ignore };
  const clear = () => {
    if (mode === "bar") target.write(CLEAR_LINE);
  };
  let current: { state: ProgressState; started: number; shown: number } | undefined;
  const finish = () => {
    if (current === undefined) return;
    clear();
    target.write(`${summaryLine(current.state, now() - current.started)}\n`);
    current = undefined;
  };
  const update = (state: ProgressState) => {
    const instant = now();
    if (current !== undefined && current.state.phase !== state.phase) finish();
    // A line is worth its place only for work that takes long; a bar stands from the start.
    current ??= { state, started: instant, shown: mode === "bar" ? Number.NEGATIVE_INFINITY : instant };
    current.state = state;
    if (instant - current.shown < INTERVALS[mode]) return;
    current.shown = instant;
    const elapsed = instant - current.started;
    if (mode === "lines") target.write(`${progressLine(state, elapsed)}\n`);
    else target.write(CLEAR_LINE + barLine(state, elapsed, target.columns || 80));
  };
  return {
    listener: update,
    update,
    end: finish,
    abandon() {
      if (current !== undefined) clear();
      current = undefined;
    },
  };
}

function ignore(): void {
  // Nobody looks.
}

/** "copy: 250 items, 4.2 MB in 1.2 s". */
function summaryLine({ phase, items, unit = "item", bytes }: ProgressState, elapsed: number): string {
  const size = bytes === undefined ? "" : `, ${formatBytes(bytes)}`;
  return `${phase}: ${countOf(items, unit)}${size} in ${formatDuration(elapsed)}`;
}

/** "copy: 155 of 250 items, 4.2 MB, 12 MB/s, 3 s left". */
function progressLine(state: ProgressState, elapsed: number): string {
  return `${state.phase}: ${factsOf(state, elapsed).join(", ")}`;
}

function factsOf(state: ProgressState, elapsed: number): string[] {
  const { items, unit = "item", totalItems, bytes } = state;
  const counted =
    totalItems === undefined ? countOf(items, unit) : `${formatCount(items)} of ${countOf(totalItems, unit)}`;
  const size = bytes === undefined ? [] : [formatBytes(bytes)];
  return [counted, ...size, ...pace(state, elapsed)];
}

function barLine(state: ProgressState, elapsed: number, columns: number): string {
  const { phase, items, totalItems } = state;
  // One column stays free: some terminals wrap when the last one is written.
  const room = columns - 1;
  if (totalItems === undefined || totalItems === 0) return progressLine(state, elapsed).slice(0, room);
  const share = Math.min(1, items / totalItems);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const facts = factsOf(state, elapsed);
  const left = () => room - `${phase}  ${percent} ${facts.join(", ")}`.length;
  // In a narrow terminal the bar gets shorter, then fewer things are told: the count stays, and the time left goes last.
  while (facts.length > 1 && left() < BAR_WIDTH.least) facts.splice(1, 1);
  const width = Math.max(BAR_WIDTH.least, Math.min(BAR_WIDTH.most, left()));
  const filled = Math.round(share * width);
  const bar = "█".repeat(filled) + "░".repeat(width - filled);
  return `${phase} ${bar} ${percent} ${facts.join(", ")}`.slice(0, room);
}

function pace({ items, totalItems, bytes, bytesPerSecond, remaining }: ProgressState, elapsed: number): string[] {
  if (elapsed <= 0 || items === 0) return [];
  const rate = bytes === undefined ? [] : [`${formatBytes(bytesPerSecond ?? (bytes * 1000) / elapsed)}/s`];
  if (totalItems === undefined) return rate;
  const left = remaining ?? (Math.max(0, totalItems - items) * elapsed) / items;
  return [...rate, `${formatDuration(left)} left`];
}
