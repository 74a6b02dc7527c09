/** The few calls of an SQLite library that this package uses, so that another library can stand in for better-sqlite3. */
export interface Driver {
  /** Short, for `getInfo`: `better-sqlite3`. */
  readonly name: string;
  /**
   * Opens a file, `readwrite` creating it when it is missing. MUST take the path literally and MUST set a busy timeout of 0:
   * a call that meets a lock fails at once. May load its library on the first call.
   */
  open(path: string, mode: "readwrite" | "readonly"): Promise<Connection>;
}

/**
 * One connection. Everything is synchronous. Errors of SQLite MUST carry its extended result code by name as `code`
 * (`SQLITE_BUSY`, `SQLITE_IOERR_FSYNC`).
 */
export interface Connection {
  /** `Row` is the caller's word for what the statement selects: objects with the columns' names. */
  prepare<Row = never>(sql: string): Statement<Row>;
  /** Runs statements without parameters or results. */
  exec(sql: string): void;
  readonly inTransaction: boolean;
  /** Rolls back what is open. */
  close(): void;
}

/** Parameters are `?`, bound by position. Integers come back as numbers, blobs as fresh Uint8Arrays. */
export interface Statement<Row> {
  /** The first row. */
  get(...parameters: SqlValue[]): Row | undefined;
  /** Every row. */
  all(...parameters: SqlValue[]): Row[];
  /** Ends its query when it is returned early. No other statement may write meanwhile. */
  iterate(...parameters: SqlValue[]): IterableIterator<Row>;
  run(...parameters: SqlValue[]): RunResult;
}

/** What SQLite holds in a column. A boolean is a number, 0 or 1. */
export type SqlValue = string | number | Uint8Array | null;

/** What a statement that writes has done. */
export interface RunResult {
  /** Rows that it inserted, changed or deleted. */
  readonly changes: number;
  /** Of the row inserted last. */
  readonly rowid: number;
}
