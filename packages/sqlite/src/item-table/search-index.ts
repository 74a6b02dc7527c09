import type { Connection, Statement } from "../driver.js";
import type { SecureDelete } from "../options.js";

/** The full-text index over `bodies.terms`. What writes expects a transaction. */
export class SearchIndex {
  readonly #connection: Connection;
  readonly #insert: Statement<never>;
  readonly #delete: Statement<never>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#insert = connection.prepare("INSERT INTO search (rowid, terms) VALUES (?, ?)");
    // An index over content that it does not own wants to be told what it holds.
    this.#delete = connection.prepare("INSERT INTO search (search, rowid, terms) VALUES ('delete', ?, ?)");
  }

  add(body: number, terms: string): void {
    this.#insert.run(body, terms);
  }

  /** `terms` as they were added. */
  remove(body: number, terms: string): void {
    this.#delete.run(body, terms);
  }

  /** Throws SQLITE_CORRUPT_VTAB when the index does not say what `bodies.terms` says. */
  verify(): void {
    this.#connection.exec("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)");
  }

  rebuild(): void {
    this.#connection.exec("INSERT INTO search (search) VALUES ('rebuild')");
  }

  /** Merges everything into one segment, which drops what was deleted. */
  optimize(): void {
    this.#connection.exec("INSERT INTO search (search) VALUES ('optimize')");
  }

  /** Whether words are removed from the index at once when their item is changed or deleted. Kept in the file. */
  get deletesAtOnce(): boolean {
    const row = this.#connection.prepare<{ v: number }>("SELECT v FROM search_config WHERE k = 'secure-delete'").get();
    return row?.v === 1;
  }

  set deletesAtOnce(value: boolean) {
    this.#connection.exec(`INSERT INTO search (search, rank) VALUES ('secure-delete', ${value ? 1 : 0})`);
  }

  /** What `work` takes out of the index leaves it at once, whatever holds for others. */
  forgetting<T>(work: () => T): T {
    if (this.deletesAtOnce) return work();
    this.deletesAtOnce = true;
    const result = work();
    // Where it throws, the transaction takes this back as well.
    this.deletesAtOnce = false;
    return result;
  }
}

export function deletesWordsAtOnce(secureDelete: SecureDelete): boolean {
  return secureDelete === "all";
}

/** How core's terms are written in `bodies.terms`: none has a space. */
export function joinTerms(terms: readonly string[]): string {
  return terms.join(" ");
}

export function splitTerms(joined: string | null): string[] {
  return joined === null || joined === "" ? [] : joined.split(" ");
}

/** A full-text expression for records with a term that starts with each of `terms`. */
export function prefixExpression(terms: readonly string[]): string {
  return terms.map((term) => `${quote(term)}*`).join(" AND ");
}

/** A full-text expression for records that have each of `terms`. */
export function exactExpression(terms: readonly string[]): string {
  return terms.map(quote).join(" AND ");
}

// Inside quotes nothing is an operator; a quote is written twice.
function quote(term: string): string {
  return `"${term.replaceAll('"', '""')}"`;
}
