import { join } from "node:path";
import type { AdapterContext } from "@holdfast/core";
import { betterSqlite3, inTransaction, type OpenDatabase, retryWhileLocked } from "@holdfast/sqlite/item-table";
import { rememberHistoryIsSet } from "./history-limits.js";
import type { Internals } from "./internals.js";
import type { CompleteOptions } from "./options.js";
import { bindRoot, type Directories } from "./state-directory.js";
import { FileTable } from "./table/file-table.js";

/** `HOFS`: marks a database as the item table of this adapter. */
const APPLICATION_ID = 0x484f4653;

/** Opens the item table, with the tables of this adapter beside those of every item table. */
export async function openTable(
  { durability, lockTimeout, cacheSize }: CompleteOptions,
  { openDatabase, files: port }: Internals,
  { ports, tokenizerVersion: version, termsOf, history }: AdapterContext,
  directories: Directories,
): Promise<OpenDatabase> {
  const database = await openDatabase({
    path: join(directories.state, "store.db"),
    durability,
    lockTimeout,
    cacheSize,
    mmapSize: 0,
    secureDelete: "data",
    driver: betterSqlite3(),
    ports,
    tokenizer: { version, termsOf },
    applicationId: APPLICATION_ID,
  });
  const { connection } = database;
  const prepare = () => {
    FileTable.create(connection);
    bindRoot(connection, directories, port, Buffer.from(ports.random.bytes(16)).toString("hex"));
    if (history !== undefined) rememberHistoryIsSet(connection);
  };
  try {
    await retryWhileLocked(() => inTransaction(connection, prepare), { ports, lockTimeout });
    return database;
  } catch (error) {
    connection.close();
    throw error;
  }
}
