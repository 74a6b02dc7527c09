import type { CheckedStore } from "./check-store.js";
import { emptyLog, rewriteFile } from "./item-table/maintenance.js";

/** Gives free pages back to the file system. LOCKED when somebody writes, or reads what is in the log, for longer than locks are waited for. */
export async function shrinkStore(
  store: Pick<CheckedStore, "connection" | "read">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { connection } = store;
  await store.read(() => rewriteFile(connection), signal);
  await store.read(() => {
    if (!emptyLog(connection)) throw new LogInUse("the write-ahead log is in use");
  }, signal);
}

/** SQLite reports it as a row, which is waited for like any lock. */
class LogInUse extends Error {
  readonly code = "SQLITE_BUSY";
}
