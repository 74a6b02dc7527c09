import type { MigrationReport } from "@holdfast/core";
import { CommandError, IncompleteError } from "../failure.js";
import { countOf, formatBytes, formatCount, formatDuration } from "../terminal/index.js";

/** What did not arrive, and why. */
export function failureLines({ failures }: MigrationReport): string[] {
  return failures.map(({ key, code, message }) => `failed ${JSON.stringify(key)} (${code}): ${message}`);
}

/** What a migration did, in words. */
export function summaryOf(
  report: MigrationReport,
  validate: boolean,
  backup: string | undefined,
  to: string,
): string[] {
  const { dryRun, planned, copied, bytes, keptBoth, backedUp, milliseconds } = report;
  const parts = partsOf(report, validate);
  const verb = dryRun ? "would copy" : "copied";
  const rest = parts.length === 0 ? "" : `: ${parts.join(", ")}`;
  return [
    ...(report.resumed ? ["went on where an earlier run had stopped"] : []),
    ...keptBoth.map(({ key, as }) => `kept both of ${JSON.stringify(key)}: the source's is ${JSON.stringify(as)}`),
    `${verb} ${formatCount(copied)} of ${countOf(planned.items, "item")}, ${formatBytes(bytes)} in ${formatDuration(milliseconds)}${rest}`,
    ...(backup === undefined || backedUp === 0
      ? []
      : [`to put back what was replaced: holdfast migrate ${backup} ${to} --conflict overwrite`]),
  ];
}

function partsOf(report: MigrationReport, validate: boolean): string[] {
  const { dryRun, unchanged, skipped, verified, backedUp, changed, conflicts, failures } = report;
  const followed = changed.saved + changed.deleted;
  return [
    ...(unchanged > 0 ? [`${formatCount(unchanged)} were there already`] : []),
    ...(skipped > 0 ? [`${formatCount(skipped)} skipped`] : []),
    ...(backedUp > 0 ? [`${formatCount(backedUp)} backed up`] : []),
    ...(followed > 0 ? [`${countOf(followed, "change")} of the source meanwhile taken up`] : []),
    ...(conflicts.length > 0 ? [`${countOf(conflicts.length, "conflict")}`] : []),
    ...(failures.length > 0 ? [`${formatCount(failures.length)} failed`] : []),
    ...(dryRun ? [] : [validate ? `${formatCount(verified)} read back and equal` : "not read back"]),
  ];
}

/** Throws what makes the exit code, where not all is well. */
export function complain({ conflicts, failures, changed }: MigrationReport): void {
  const [first] = conflicts;
  if (first !== undefined) {
    throw new CommandError(
      "CONFLICT",
      `the destination holds another item under ${countOf(conflicts.length, "key")}, such as ${JSON.stringify(first)}`,
      "--conflict skip, overwrite, newer or keep-both",
      first,
    );
  }
  if (failures.length > 0) {
    throw new IncompleteError(`${countOf(failures.length, "item")} did not arrive`, remedyFor(failures));
  }
  if (changed.pending) {
    throw new IncompleteError(
      "the source kept changing, and its last changes were not taken up",
      "again, when it rests",
    );
  }
}

/** An older copy counts as another item. */
function remedyFor(failures: MigrationReport["failures"]): string {
  const again = "again, which copies only what is missing";
  if (!failures.some(({ code }) => code === "CORRUPT")) return again;
  return `${again}, and anew what is damaged in the destination; with --conflict newer or overwrite also what changed since its copy`;
}
