import { type Connection, connectionTo, type Driver, type Statement } from "@holdfast/sqlite/item-table";
import Database from "better-sqlite3";
import {
  answering,
  digestOf,
  hasWriteAheadLog,
  type ItemDatabase,
  openingWith,
  selectAll,
  type Table,
  WRITE_AHEAD_LOG,
} from "./item-database.ts";

/** How a file is kept and read, which says nothing in memory, and which SQLite does not let change inside of a transaction. */
const SETTING = /^PRAGMA (?!user_version|application_id)\w+ = /i;
const CHECKPOINT = /^PRAGMA wal_checkpoint/i;
/** Statements that change nothing. */
const READING = /^\s*(?:SELECT|PRAGMA (?!user_version|application_id)\w+(?:$|[^=]))/i;
/** Recoveries of which one is looked at with mistrust. */
const PROOF = 64;

/** Statements of one text: as many as one store has at once. */
interface Prepared {
  readonly made: Statement<never>[];
  used: number;
}

/**
 * The item table that one commit left, for many stores one after the other. Each works on it as on a database of its own: its
 * transactions are savepoints of one that never ends, and `rewind` undoes them all. That spares opening the database and
 * preparing its statements, which take longer than all that a recovery does with them.
 */
export class RewindingDatabase implements ItemDatabase {
  readonly driver: Driver = { name: "rewinding", open: async () => this.#connection() };
  readonly open = openingWith(this.driver);
  readonly #database: Database.Database;
  readonly #connected: Connection;
  readonly #select: ReadonlyMap<string, () => Table>;
  readonly #stored: ReadonlyMap<string, Table>;
  /** Texts of statements that may have changed something since the last rewind. */
  readonly #changing = new Set<string>();
  readonly #prepared = new Map<string, Prepared>();
  #begun = false;
  #rewinds = 0;

  constructor(stored: Uint8Array) {
    this.#database = new Database(Buffer.from(stored), { timeout: 0 });
    this.#connected = connectionTo(this.#database);
    this.#select = selectAll(this.#database);
    this.#stored = new Map(Array.from(this.#select, ([name, select]) => [name, select()]));
    this.#database.exec("SAVEPOINT stored");
  }

  tables(): Table[] {
    const changing = [...this.#changing].join("\n");
    return Array.from(this.#stored, ([name, stored]) => {
      // What is behind the search index changes with it.
      const isChanged = new RegExp(String.raw`\b${name.replace(/^search_.*/, "search")}\b`).test(changing);
      if (!isChanged && this.#rewinds % PROOF === 0) this.#requireAsStored(name, stored);
      return isChanged ? this.#read(name) : stored;
    });
  }

  /** Undoes everything since it was made, and with it whatever was not ended. */
  rewind(): void {
    this.#database.exec("ROLLBACK TO stored");
    this.#begun = false;
    this.#changing.clear();
    for (const prepared of this.#prepared.values()) prepared.used = 0;
    if (++this.#rewinds % PROOF === 0) for (const [name, stored] of this.#stored) this.#requireAsStored(name, stored);
  }

  close(): void {
    this.#database.close();
  }

  #connection(): Connection {
    const isBegun = () => this.#begun;
    return {
      prepare: <Row>(sql: string) => this.#prepare<Row>(sql),
      exec: (sql) => this.#exec(sql),
      get inTransaction() {
        return isBegun();
      },
      close: () => {
        if (this.#begun) this.#exec("ROLLBACK");
      },
    };
  }

  #prepare<Row>(sql: string): Statement<Row> {
    if (WRITE_AHEAD_LOG.test(sql)) return answering(hasWriteAheadLog as Row);
    // There is none to be emptied.
    if (CHECKPOINT.test(sql)) return answering({} as Row);
    const bound = boundOf(sql);
    if (bound === undefined)
      return READING.test(sql) ? this.#reuse<Row>(sql) : this.#noting(sql, this.#reuse<Row>(sql));
    const run = () => {
      this.#exec(sql);
      return { changes: 0, rowid: 0 };
    };
    return { ...answering({} as Row), run };
  }

  #reuse<Row>(sql: string): Statement<Row> {
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) {
      prepared = { made: [], used: 0 };
      this.#prepared.set(sql, prepared);
    }
    const made = prepared.made[prepared.used] ?? this.#connected.prepare(sql);
    prepared.made[prepared.used++] = made;
    return made as Statement<unknown> as Statement<Row>;
  }

  /** A statement that is known to have been run when it was. */
  #noting<Row>(sql: string, made: Statement<Row>): Statement<Row> {
    const noted = (): Statement<Row> => {
      this.#changing.add(sql);
      return made;
    };
    return {
      get: (...parameters) => noted().get(...parameters),
      all: (...parameters) => noted().all(...parameters),
      iterate: (...parameters) => noted().iterate(...parameters),
      run: (...parameters) => noted().run(...parameters),
    };
  }

  #read(name: string): Table {
    const select = this.#select.get(name);
    if (select === undefined) throw new Error(`there is no table ${name}`);
    return select();
  }

  #requireAsStored(name: string, stored: Table): void {
    if (digestOf(this.#read(name)) !== digestOf(stored)) throw new Error(`the table ${name} was changed unnoticed`);
  }

  #exec(sql: string): void {
    if (SETTING.test(sql)) return;
    this.#changing.add(sql);
    const bound = boundOf(sql);
    if (bound === undefined) {
      this.#database.exec(sql);
      return;
    }
    if (this.#begun === (bound.does === "begin")) {
      throw new Error(this.#begun ? "a transaction within a transaction" : "no transaction is active");
    }
    this.#database.exec(bound.sql);
    this.#begun = bound.does === "begin";
  }
}

/** What stands for the beginning or the end of a transaction, with whatever follows it in the text. */
function boundOf(sql: string): { does: "begin" | "end"; sql: string } | undefined {
  const [, word = "", rest = ""] = /^\s*(BEGIN(?: IMMEDIATE)?|COMMIT|ROLLBACK)\s*(;.*)?$/is.exec(sql) ?? [];
  switch (word.toUpperCase()) {
    case "":
      return undefined;
    case "COMMIT":
      return { does: "end", sql: `RELEASE work${rest}` };
    case "ROLLBACK":
      return { does: "end", sql: `ROLLBACK TO work; RELEASE work${rest}` };
    default:
      return { does: "begin", sql: `SAVEPOINT work${rest}` };
  }
}
