import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { type Ports, StorageError } from "@holdfast/core";
import { classify, codeOf, isBusy } from "./classify.js";
import type { Connection, Driver } from "./driver.js";
import { FileIdentity } from "./file-identity.js";
import { ItemTable } from "./item-table/item-table.js";
import { reindexIfOutdated, type Tokenizer } from "./item-table/reindex.js";
import { createTables, inspectTables, LAYOUT, upgradeTables } from "./item-table/schema.js";
import { deletesWordsAtOnce, SearchIndex } from "./item-table/search-index.js";
import { inTransaction } from "./item-table/transaction.js";
import { retryWhileLocked } from "./lock-retry.js";
import type { CompleteOptions, SecureDelete } from "./options.js";

/** What a database is opened with, all of it given. */
export interface OpenDatabaseOptions extends CompleteOptions {
  readonly ports: Ports;
  readonly tokenizer: Tokenizer;
  /** Marks the file as the store of one adapter; a file with another mark is refused. */
  readonly applicationId: number;
}

/** An open database, and the file that it is. */
export interface OpenDatabase {
  readonly connection: Connection;
  /** Tells whether the file at the path is still the one that was opened. */
  readonly identity: Pick<FileIdentity, "verify">;
}

const KiB = 2 ** 10;
const MiB = 2 ** 20;

/** Opens, upgrades or creates a database with the tables of docs/sqlite.md. Throws a StorageError that says what to do; then nothing stays open. */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  const { path, ports, lockTimeout } = options;
  try {
    prepareFile(path);
    return await retryWhileLocked(() => attempt(options), { ports, lockTimeout });
  } catch (error) {
    if (StorageError.is(error)) throw error;
    const known = classify(error);
    if (known === undefined) throw error;
    const { code, message, retryable } = known;
    throw new StorageError(code, `cannot open ${path}: ${message}`, { retryable, cause: error });
  }
}

/** A connection that only reads, for a snapshot of its own. */
export async function openReader(driver: Driver, path: string): Promise<Connection> {
  const connection = await driver.open(path, "readonly");
  try {
    connection.exec(`PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${(2 * MiB) / KiB}`);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

async function attempt(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  const { path, applicationId, ports, tokenizer } = options;
  const connection = await options.driver.open(path, "readwrite");
  try {
    // Before anything that would change a file that is not ours.
    const tables = inspectTables(connection, path, applicationId);
    configure(connection, options);
    if (tables === "present") {
      requireTables(connection);
      requireWritable(connection);
    } else {
      inTransaction(connection, () => {
        // Another process may have made or upgraded them before the lock was ours.
        const found = inspectTables(connection, path, applicationId);
        if (found === "missing") {
          const epoch = Buffer.from(ports.random.bytes(16)).toString("hex");
          createTables(connection, { applicationId, epoch, tokenizerVersion: tokenizer.version });
        } else if (found === "outdated") {
          upgradeTables(connection);
          // Tables that are not what their number says must not be committed.
          requireTables(connection);
        }
      });
    }
    await reindexIfOutdated(connection, tokenizer);
    configureIndex(connection, options.secureDelete);
    return { connection, identity: new FileIdentity(path, ports.clock) };
  } catch (error) {
    connection.close();
    // A statement that does not fit the tables: they are not what their number says.
    if (codeOf(error) === "SQLITE_ERROR") {
      throw new StorageError("CORRUPT", `the tables of ${path} are not those of a store; restore it from a backup`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** Every statement has to fit the tables: throws SQLITE_ERROR where one does not. */
function requireTables(connection: Connection): void {
  new ItemTable(connection);
}

/** SQLite opens for reading what it may not write, and would fail at the first write: throws SQLITE_READONLY now. */
function requireWritable(connection: Connection): void {
  try {
    connection.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${LAYOUT}`);
  } catch (error) {
    // Somebody else is writing; that says enough.
    if (!isBusy(error)) throw error;
  } finally {
    if (connection.inTransaction) connection.exec("ROLLBACK");
  }
}

function configure(
  connection: Connection,
  { durability, cacheSize, mmapSize, secureDelete }: OpenDatabaseOptions,
): void {
  connection.exec("PRAGMA busy_timeout = 0");
  const mode = connection.prepare<{ journal_mode: string }>("PRAGMA journal_mode = WAL").get()?.journal_mode;
  if (mode !== "wal") {
    throw new StorageError(
      "UNSUPPORTED",
      `SQLite cannot keep a write-ahead log here (journal mode ${mode}): a network drive, perhaps; choose a path on a local disk`,
    );
  }
  const media = durability === "media";
  for (const pragma of [
    // After the journal mode: better-sqlite3's build changes it with the mode.
    `synchronous = ${media ? "FULL" : "NORMAL"}`,
    // Without these macOS leaves the data in the drive's cache. Elsewhere they mean nothing.
    `fullfsync = ${media ? "ON" : "OFF"}`,
    `checkpoint_fullfsync = ${media ? "ON" : "OFF"}`,
    `cache_size = -${Math.ceil(cacheSize / KiB)}`,
    `mmap_size = ${mmapSize}`,
    "temp_store = MEMORY",
    `secure_delete = ${secureDelete === "none" ? "OFF" : "ON"}`,
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "wal_autocheckpoint = 4000",
    `journal_size_limit = ${64 * MiB}`,
  ]) {
    connection.exec(`PRAGMA ${pragma}`);
  }
}

function configureIndex(connection: Connection, secureDelete: SecureDelete): void {
  const index = new SearchIndex(connection);
  const wanted = deletesWordsAtOnce(secureDelete);
  if (index.deletesAtOnce === wanted) return;
  inTransaction(connection, () => {
    index.deletesAtOnce = wanted;
  });
}

/** Refuses what cannot be a database file; creates what is missing, for this user alone. */
function prepareFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    createFile(path);
    return;
  }
  if (!stat.isFile()) {
    throw new StorageError(
      "INVALID_OPTION",
      `${path} is ${stat.isDirectory() ? "a directory" : "no regular file"}; name a file for the database`,
    );
  }
  // SQLite's own answer would not tell permission from other reasons.
  accessSync(path, constants.R_OK | constants.W_OK);
}

function createFile(path: string): void {
  const directory = dirname(path);
  const first = mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (first !== undefined) syncDirectories(directory, dirname(first));
  try {
    // SQLite gives the files beside it the same mode. A new file has no locks, so that closing it drops none.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    // Somebody else was faster, or there is a link to where nothing is, behind which SQLite would make the file for everybody.
    if (isLink(path)) createFile(targetOf(path));
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function targetOf(link: string): string {
  return resolve(realpathSync(dirname(link)), readlinkSync(link));
}

/** Brings new directory entries to the disk, from the innermost directory out. SQLite does so for the database's own directory only. */
function syncDirectories(innermost: string, outermost: string): void {
  // Windows has no such call and orders its journal itself.
  if (process.platform === "win32") return;
  for (let directory = innermost; ; directory = dirname(directory)) {
    const handle = openSync(directory, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (directory === outermost || directory === dirname(directory)) return;
  }
}
