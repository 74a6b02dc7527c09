import type { Connection } from "../driver.js";

/** Runs statements that read on one state of the database, whatever other processes commit meanwhile. */
export function inSnapshot<T>(connection: Connection, read: () => T): T {
  if (connection.inTransaction) return read();
  connection.exec("BEGIN");
  try {
    return read();
  } finally {
    if (connection.inTransaction) connection.exec("COMMIT");
  }
}
