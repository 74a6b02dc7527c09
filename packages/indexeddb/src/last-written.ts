import { type ItemRow, isItem, type Row } from "./layout.js";

/** Milliseconds for which nobody can have written so much that the feed has forgotten about it: that takes seconds. */
const TRUSTED = 500;
/** Groups that read first after one that was mistaken. */
const DOUBTS = 16;
const MOST_ROWS = 512;
/** Characters of a header; what is above is not remembered. */
const LONGEST_HEADER = 4_096;

/**
 * What stands, as far as this store has lately written it, so that its next write need not ask first. The browser finds out
 * whether somebody else wrote meanwhile: each transaction adds the next entry of the feed, and a record where none is thought to
 * stand, and nothing can be added in the place of another.
 */
export class LastWritten {
  readonly #rows = new Map<string, Row>();
  /** When the last transaction that was committed had just begun, and been given its place behind all before it. */
  #began = Number.NEGATIVE_INFINITY;
  #doubts = 0;

  /**
   * What stands under the keys of jobs whose transaction has just begun: what this store wrote, or nothing where that is likely.
   * Undefined: it has to be read.
   */
  assume(
    jobs: readonly { readonly keys: readonly string[]; readonly fresh?: boolean }[],
    began: number,
  ): Map<string, Row | undefined> | undefined {
    if (this.#doubts > 0) {
      this.#doubts--;
      return undefined;
    }
    if (began - this.#began > TRUSTED) return undefined;
    const rows = new Map<string, Row | undefined>();
    for (const { keys, fresh } of jobs) {
      for (const key of keys) {
        const row = this.#rows.get(key);
        if (row === undefined && !fresh) return undefined;
        rows.set(key, row);
      }
    }
    return rows;
  }

  committed(began: number, rows: Iterable<readonly [stored: string, row: Row]>): void {
    this.#began = began;
    for (const [stored, row] of rows) {
      this.#rows.delete(stored);
      if (!isItem(row)) this.#rows.set(stored, row);
      else if (row.h.length <= LONGEST_HEADER) this.#rows.set(stored, withoutBody(row));
    }
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= MOST_ROWS) break;
      this.#rows.delete(oldest);
    }
  }

  /** Somebody else has written. */
  forget(): void {
    this.#rows.clear();
    this.#doubts = DOUBTS;
  }
}

/** What a write that replaces the row has to know of it. */
function withoutBody({ h, c, e }: ItemRow): ItemRow {
  return { h, ...(c !== undefined && { c }), ...(e !== undefined && { e }) };
}
