import type { WorkloadResult } from "../harness/results.ts";
import { spreadOf } from "../harness/statistics.ts";
import { formatRatio, formatTime } from "./format.ts";
import { rangePlot } from "./range-plot.ts";
import type { Verdict } from "./verdicts.ts";

/** How long one operation takes each contender. */
export function timePlot({ title, unit, contenders }: WorkloadResult): string {
  return rangePlot({
    title,
    caption: `time for one ${unit}; less is better`,
    format: formatTime,
    rows: contenders.map(({ name, role, microseconds }) => ({
      label: name,
      range: spreadOf(microseconds),
      emphasis: role,
    })),
  });
}

/** How far each target is met. */
export function ratioPlot(verdicts: readonly Verdict[]): string {
  return rangePlot({
    title: "Time against the limit",
    caption: "1× is the raw engine by hand; the bar ends at the target",
    format: formatRatio,
    rows: verdicts.map(({ workload, ratio, target }) => ({
      label: workload.title,
      range: ratio,
      emphasis: "ours",
      until: target.most,
    })),
  });
}
