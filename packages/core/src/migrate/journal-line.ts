import type { KeptBoth, MigrationFailure, MigrationReport } from "../contract/migration.js";

export type Phase = "plan" | "copy" | "verify";

/** Where the migration stands. Lists hold what is new since the line before. */
export interface JournalLine {
  readonly phase: Phase;
  /** The whole source is looked at once more: `after` is the place in that pass, which begins again. */
  readonly anew: boolean;
  readonly after: string | null;
  readonly cursor: string | null;
  readonly counts: Pick<
    MigrationReport,
    "planned" | "copied" | "unchanged" | "skipped" | "verified" | "bytes" | "backedUp" | "changed"
  >;
  readonly passed: { items: number; bytes: number };
  readonly verifiedBytes: number;
  /** As `SettledItems` writes it. */
  readonly settled: string;
  /** A key alone is an exception no more. */
  readonly exceptions: [key: string, as?: string | null][];
  readonly conflicts: string[];
  readonly failures: MigrationFailure[];
  readonly keptBoth: KeptBoth[];
}
