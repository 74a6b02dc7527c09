import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, type Driver, openDatabase, type SqlValue, type Statement } from "@holdfast/sqlite/item-table";
import Database from "better-sqlite3";

/**
 * The item table of a simulated disk: a real SQLite in memory that begins with what the last commit left, and tells what each of
 * its own commits leaves. A commit is atomic and on the disk when it returns: SQLite's own files are no part of the simulation.
 */
export class SimulatedDatabase {
  readonly #committed: (database: Uint8Array) => void;
  readonly #connections: Database.Database[] = [];
  #stored: Buffer | undefined;

  constructor(stored: Uint8Array | undefined, committed: (database: Uint8Array) => void) {
    this.#stored = stored && Buffer.from(stored);
    this.#committed = committed;
  }

  /** In the place of the real one. A file stands for the database where its identity is asked for. */
  readonly open: typeof openDatabase = (options) =>
    openDatabase({ ...options, path: standIn().path, driver: this.driver });

  readonly driver: Driver = {
    name: "simulated",
    open: async (_path, mode) => this.#open(mode === "readonly"),
  };

  /** The power goes: nothing is written any more, whatever is still under way. */
  cut(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }

  #open(readonly: boolean): Connection {
    const database = new Database(this.#stored ?? ":memory:", {
      readonly: readonly && this.#stored !== undefined,
      timeout: 0,
    });
    this.#connections.push(database);
    const keep = () => {
      this.#stored = database.serialize();
      this.#committed(this.#stored);
    };
    return {
      prepare: <Row>(sql: string) => {
        // An in-memory database has no write-ahead log, and does not need one: its commits are atomic as they are.
        if (/^PRAGMA journal_mode = WAL/i.test(sql)) return answering({ journal_mode: "wal" } as Row);
        return statement(database.prepare<SqlValue[], Row>(sql), /^COMMIT/i.test(sql) ? keep : undefined);
      },
      exec(sql) {
        database.exec(sql);
        if (/^\s*COMMIT/i.test(sql)) keep();
      },
      get inTransaction() {
        return database.inTransaction;
      },
      close() {
        if (database.open) database.close();
      },
    };
  }
}

function statement<Row>(prepared: Database.Statement<SqlValue[], Row>, done: (() => void) | undefined): Statement<Row> {
  return {
    get: (...parameters) => prepared.get(...parameters),
    all: (...parameters) => prepared.all(...parameters),
    iterate: (...parameters) => prepared.iterate(...parameters),
    run(...parameters) {
      const { changes, lastInsertRowid } = prepared.run(...parameters);
      done?.();
      return { changes, rowid: Number(lastInsertRowid) };
    },
  };
}

function answering<Row>(row: Row): Statement<Row> {
  return {
    get: () => row,
    all: () => [row],
    iterate: () => [row].values(),
    run: () => ({ changes: 0, rowid: 0 }),
  };
}

let made: { readonly path: string } | undefined;

function standIn(): { readonly path: string } {
  if (made === undefined) {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-replay-"));
    process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
    made = { path: join(directory, "store.db") };
    writeFileSync(made.path, "");
    writeFileSync(`${made.path}-wal`, "");
  }
  return made;
}
