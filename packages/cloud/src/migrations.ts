/**
 * The names of the SQL files that a project needs, in order. Their text is in the package: `supabase/migrations/<name>.sql`, and what
 * takes each back in `supabase/down/<name>.sql`.
 */
export const MIGRATIONS: readonly string[] = [
  "20261101000001_holdfast_tables",
  "20261101000002_holdfast_shares",
  "20261101000003_holdfast_writes",
  "20261101000004_holdfast_reads",
  "20261101000005_holdfast_bucket",
  "20261101000006_holdfast_guards",
  "20261101000007_holdfast_realtime",
];
