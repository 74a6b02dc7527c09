import type { Machine } from "../harness/machine.ts";
import type { ContenderResult, WorkloadResult } from "../harness/results.ts";
import { ratios, type Spread, spreadOf } from "../harness/statistics.ts";
import { formatRatio, formatTime } from "./format.ts";

export function machineLine({ processor, cores, filesystem, node, fsyncMicroseconds, loadBefore }: Machine): string {
  return `${processor}, ${cores} cores, ${filesystem}, fsync ${fsyncMicroseconds} µs, Node ${node}, load ${loadBefore}`;
}

export function terminalTable(result: WorkloadResult): string {
  const limit = result.contenders.find(({ role }) => role === "limit");
  const rows = result.contenders.map((contender) => row(contender, limit));
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells) => `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`);
  return [`${result.id}: ${result.title}`, ...lines.map((line) => line.trimEnd())].join("\n");
}

function row({ name, microseconds, durability }: ContenderResult, limit: ContenderResult | undefined): string[] {
  const against = limit === undefined ? "" : `${show(spreadOf(ratios(microseconds, limit.microseconds)), formatRatio)}`;
  return [name, show(spreadOf(microseconds), formatTime), against, durability ?? ""];
}

function show({ low, median, high }: Spread, format: (value: number) => string): string {
  return `${format(median)} (${format(low)}–${format(high)})`;
}
