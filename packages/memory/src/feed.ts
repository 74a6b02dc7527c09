import { type FeedEntry, type FeedPage, type Ports, StorageError, type Version } from "@holdfast/core";

/** One committed write. Its place in the feed is its cursor. */
export interface Entry {
  readonly type: "save" | "delete";
  readonly key: string;
  readonly version: Version;
}

/** The newest entries that are always there; up to twice as many are. */
export const FEED_LENGTH = 100_000;

const EPOCH_BYTES = 8;
// A sequence number is a safe integer, written without leading zeros: one place has one cursor.
const CURSOR = /^([0-9a-f]{16})-(0|[1-9][0-9]{0,14})$/;

/**
 * The writes of a store in the order of their commits. Kept in two runs: when the newer one is full, the older one is let go
 * of as a whole, so that adding an entry costs the same however many there are.
 */
export class Feed {
  #epoch = "";
  #older: Entry[] = [];
  #newer: Entry[] = [];
  /** How many entries came before `#older`. */
  #gone = 0;

  /** Gives the feed its epoch, once. */
  begin({ random }: Ports): void {
    if (this.#epoch === "") this.#epoch = Array.from(random.bytes(EPOCH_BYTES), hex).join("");
  }

  /** The name of this feed, and so of its store. */
  get epoch(): string {
    return this.#epoch;
  }

  /** The sequence number of the newest entry; the first has number 1. */
  get last(): number {
    return this.#gone + this.#older.length + this.#newer.length;
  }

  add(entry: Entry): void {
    if (this.#newer.length === FEED_LENGTH) {
      this.#gone += this.#older.length;
      this.#older = this.#newer;
      this.#newer = [];
    }
    this.#newer.push(entry);
  }

  /** Lets go of every entry. What comes next goes on from the last one's place. */
  forget(): void {
    this.#gone = this.last;
    this.#older = [];
    this.#newer = [];
  }

  cursor(sequence: number): string {
    return `${this.#epoch}-${sequence}`;
  }

  /** Throws INVALID_OPTION for what is no cursor. */
  page(after: string | undefined, limit: number): FeedPage {
    const start = after === undefined ? 0 : this.#sequenceOf(after);
    if (start === undefined || start < this.#gone || start > this.last) return { outcome: "resync" };
    const changes: FeedEntry[] = [];
    for (let sequence = start + 1; sequence <= this.last && changes.length < limit; sequence++) {
      changes.push({ ...this.#entry(sequence), cursor: this.cursor(sequence) });
    }
    return { outcome: "page", changes };
  }

  #entry(sequence: number): Entry {
    const index = sequence - this.#gone - 1;
    const { length } = this.#older;
    // Whoever asks has seen that it is there.
    return (index < length ? this.#older[index] : this.#newer[index - length]) as Entry;
  }

  /** Undefined: of another epoch. */
  #sequenceOf(cursor: string): number | undefined {
    const parts = CURSOR.exec(cursor);
    if (parts === null) {
      throw new StorageError(
        "INVALID_OPTION",
        `${JSON.stringify(cursor)} is not a cursor of this kind of store; pass on one that changes() gave`,
        { adapter: "memory" },
      );
    }
    return parts[1] === this.#epoch ? Number(parts[2]) : undefined;
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
