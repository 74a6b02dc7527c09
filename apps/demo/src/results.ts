import { type Column, formatBytes, formatCount, formatTable } from "@holdfast/cli/terminal";

/** What one step did. */
export interface StepResult {
  step: string;
  /** That were to be done. */
  items: number;
  bytes: number;
  milliseconds: number;
  /** Read back from where they were put, and found equal to what they were before. */
  verified: number;
}

const COLUMNS: readonly Column[] = [
  { title: "step" },
  { title: "items", align: "right" },
  { title: "bytes", align: "right" },
  { title: "seconds", align: "right" },
  { title: "items/s", align: "right" },
  { title: "verified", align: "right" },
];

export function isWhole({ items, verified }: StepResult): boolean {
  return items > 0 && verified === items;
}

export function resultTable(results: readonly StepResult[]): string[] {
  return formatTable(
    COLUMNS,
    results.map((result) => [
      result.step,
      formatCount(result.items),
      formatBytes(result.bytes),
      (result.milliseconds / 1000).toFixed(2),
      formatCount((result.items * 1000) / result.milliseconds),
      isWhole(result) ? formatCount(result.verified) : `${formatCount(result.verified)} MISSING`,
    ]),
  );
}
