import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AdapterContext, StorageAdapter } from "@holdfast/core";
import { type SqliteOptions, sqlite } from "@holdfast/sqlite";
import { betterSqlite3, type Connection, openDatabase } from "@holdfast/sqlite/item-table";
import Database from "better-sqlite3";
import { onTestFinished } from "vitest";
import { contextOf } from "./records.js";

/** A directory that goes when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-sqlite-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function temporaryPath(): string {
  return join(temporaryDirectory(), "store.db");
}

/** An adapter with every optional method, which the sqlite adapter has. */
export type FullAdapter = Required<StorageAdapter>;

/** Opens an adapter, on a file of its own unless one is named; it is closed when the test ends. */
export async function openAdapter(
  options: Partial<SqliteOptions> = {},
  context: AdapterContext = contextOf(),
): Promise<FullAdapter> {
  const adapter = sqlite({ path: temporaryPath(), ...options }) as FullAdapter;
  await adapter.open(context);
  onTestFinished(async () => adapter.close());
  return adapter;
}

/** A connection to tables that are new and empty. */
export async function openTables(path = temporaryPath()): Promise<Connection> {
  const { ports, tokenizerVersion, termsOf } = contextOf();
  const { connection } = await openDatabase({
    path,
    durability: "process",
    lockTimeout: 0,
    cacheSize: 2 ** 20,
    mmapSize: 0,
    secureDelete: "data",
    driver: betterSqlite3(),
    ports,
    tokenizer: { version: tokenizerVersion, termsOf },
    applicationId: 1,
  });
  onTestFinished(() => connection.close());
  return connection;
}

/** A plain connection, to look or to do damage behind the adapter's back, in any table. */
export function openRaw(path: string): Database.Database {
  const database = new Database(path, { timeout: 0 }).unsafeMode();
  onTestFinished(() => {
    database.close();
  });
  return database;
}
