import type { Connection } from "../driver.js";

/** Does the work in one transaction that writes: all of it or, when it throws, nothing. Throws SQLITE_BUSY while somebody else writes. */
export function inTransaction(connection: Connection, work: () => void): void {
  connection.exec("BEGIN IMMEDIATE");
  try {
    work();
    connection.exec("COMMIT");
  } catch (error) {
    if (connection.inTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}
