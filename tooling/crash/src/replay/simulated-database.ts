import { type Connection, connectionTo } from "@holdfast/sqlite/item-table";
import Database from "better-sqlite3";
import {
  answering,
  hasWriteAheadLog,
  type ItemDatabase,
  openingWith,
  selectAll,
  type Table,
  WRITE_AHEAD_LOG,
} from "./item-database.ts";

/** An item table that begins with what a commit left, and tells what each of its own commits leaves. For one store. */
export class SimulatedDatabase implements ItemDatabase {
  readonly open = openingWith({ name: "simulated", open: async (_path, mode) => this.#open(mode === "readonly") });
  readonly #committed: (database: Uint8Array) => void;
  #stored: Buffer | undefined;
  #database: Database.Database | undefined;

  constructor(stored: Uint8Array | undefined, committed: (database: Uint8Array) => void) {
    this.#stored = stored && Buffer.from(stored);
    this.#committed = committed;
  }

  tables(): Table[] {
    return this.#database === undefined ? [] : Array.from(selectAll(this.#database).values(), (select) => select());
  }

  #open(readonly: boolean): Connection {
    const database = new Database(this.#stored ?? ":memory:", {
      readonly: readonly && this.#stored !== undefined,
      timeout: 0,
    });
    this.#database = database;
    const keepAfter = <T>(commit: () => T): T => {
      const result = commit();
      const bytes = database.serialize();
      // A transaction that only read leaves nothing new.
      if (this.#stored?.equals(bytes)) return result;
      this.#stored = bytes;
      this.#committed(bytes);
      return result;
    };
    const connection = connectionTo(database);
    return {
      prepare: <Row>(sql: string) => {
        if (WRITE_AHEAD_LOG.test(sql)) return answering(hasWriteAheadLog as Row);
        const statement = connection.prepare<Row>(sql);
        return /^COMMIT/i.test(sql) ? { ...statement, run: () => keepAfter(() => statement.run()) } : statement;
      },
      exec: (sql) => (/^COMMIT/i.test(sql) ? keepAfter(() => connection.exec(sql)) : connection.exec(sql)),
      get inTransaction() {
        return connection.inTransaction;
      },
      close: () => connection.close(),
    };
  }
}
