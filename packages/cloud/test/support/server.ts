import { chosenDatabase, type Database, type EmbeddedSupabase, readSqlFiles, startSupabase } from "@holdfast/supabase";

/** The package's migrations, in order. */
export function readMigrations(): string[] {
  return readSqlFiles(new URL("../../supabase/migrations/", import.meta.url));
}

/** What takes them back, in order. */
export function readDowns(): string[] {
  return readSqlFiles(new URL("../../supabase/down/", import.meta.url)).reverse();
}

/** Milliseconds. A database begins with all that it is asked to be: on a machine that is busy, that takes a minute. */
export const TIME_TO_START = 240_000;

/** A server with the package's migrations, and what a hosted project has from the start. `HOLDFAST_DATABASE` chooses what is under it. */
export function startServer(database: Database = chosenDatabase()): Promise<EmbeddedSupabase> {
  return startSupabase({ schema: ["create publication supabase_realtime", ...readMigrations()], database });
}
