import { betterSqlite3, type Connection, type Driver, type Statement } from "@holdfast/sqlite/item-table";

/** Decides what becomes of a call: an error to throw instead of making it, or nothing. */
export type Fault = (sql: string) => Error | undefined;

/** better-sqlite3 with a fault to be set, and a record of what was run. */
export class FaultyDriver implements Driver {
  readonly name = "faulty";
  /** SQL of every call, in order. */
  readonly calls: string[] = [];
  fault: Fault = () => undefined;
  /** What is thrown although the call was made. */
  after: Fault = () => undefined;
  readonly #inner = betterSqlite3();
  readonly #connections: Connection[] = [];

  async open(path: string, mode: "readwrite" | "readonly"): Promise<Connection> {
    this.#pass(`open ${mode}`, () => undefined);
    const connection = await this.#inner.open(path, mode);
    this.#connections.push(connection);
    return this.#wrap(connection);
  }

  /** Makes every connection fail with SQLITE_FULL when the file would have more pages: a disk that is really full. */
  limitPages(pages: number): void {
    for (const connection of this.#connections) connection.exec(`PRAGMA max_page_count = ${pages}`);
  }

  /** How often SQL that starts with this was run. */
  count(start: string): number {
    return this.calls.filter((sql) => sql.startsWith(start)).length;
  }

  /** Does something just before the n-th call whose SQL starts so: what another process does in that instant. */
  before(start: string, n: number, action: () => void): void {
    let left = n;
    this.fault = (sql) => {
      if (sql.startsWith(start) && --left === 0) action();
      return undefined;
    };
  }

  /** As it is in force on the connection opened last. */
  pragma(name: string): unknown {
    const row = this.#connections.at(-1)?.prepare<Record<string, unknown>>(`PRAGMA ${name}`).get();
    return Object.values(row ?? {})[0];
  }

  #wrap(inner: Connection): Connection {
    return {
      prepare: <Row>(sql: string) => this.#wrapStatement(sql, inner.prepare<Row>(sql)),
      exec: (sql) => this.#pass(sql, () => inner.exec(sql)),
      get inTransaction() {
        return inner.inTransaction;
      },
      close: () => this.#pass("close", () => inner.close()),
    };
  }

  #wrapStatement<Row>(sql: string, inner: Statement<Row>): Statement<Row> {
    const passing =
      <Parameters extends unknown[], Result>(run: (...parameters: Parameters) => Result) =>
      (...parameters: Parameters): Result =>
        this.#pass(sql, () => run(...parameters));
    return {
      get: passing(inner.get),
      all: passing(inner.all),
      iterate: passing(inner.iterate),
      run: passing(inner.run),
    };
  }

  #pass<T>(sql: string, call: () => T): T {
    this.calls.push(sql);
    const error = this.fault(sql);
    if (error !== undefined) throw error;
    const result = call();
    const late = this.after(sql);
    if (late !== undefined) throw late;
    return result;
  }
}

export function sqliteError(code: string): Error {
  return Object.assign(new Error(`injected ${code}`), { code });
}

/** A fault for the first so many calls whose SQL starts with `start`. */
export function failing(start: string, code: string, times = Number.POSITIVE_INFINITY): Fault {
  let left = times;
  return (sql) => (sql.startsWith(start) && left-- > 0 ? sqliteError(code) : undefined);
}
