import type { AdapterChange, Version } from "@holdfast/core";
import type { Connection, Statement } from "../driver.js";

export interface FeedEntry extends Pick<AdapterChange, "type" | "key" | "version"> {
  readonly seq: number;
}

/** How many of the newest entries stay at least. */
export const FEED_HORIZON = 100_000;
// Old entries go in steps: one write in so many deletes so many rows and finds them on neighbouring pages.
const TRIM_STEP = 1_024;

/**
 * Every committed write, in commit order. Sequences have no gaps: an entry's is one above the last one's, which never
 * leaves, and a write that is rolled back takes its own back.
 */
export class Feed {
  readonly #horizon: number;
  readonly #append: Statement<never>;
  readonly #trim: Statement<never>;
  readonly #last: Statement<{ seq: number; high: Version }>;
  readonly #since: Statement<FeedEntry>;

  constructor(connection: Connection, horizon: number = FEED_HORIZON) {
    this.#horizon = Math.max(1, horizon);
    this.#append = connection.prepare(
      `INSERT INTO feed (key, version, type, high)
       VALUES (?, ?, ?, max(?, coalesce((SELECT high FROM feed ORDER BY seq DESC LIMIT 1), '')))`,
    );
    this.#trim = connection.prepare(
      "DELETE FROM feed WHERE seq IN (SELECT seq FROM feed WHERE seq <= ? ORDER BY seq LIMIT ?)",
    );
    this.#last = connection.prepare("SELECT seq, high FROM feed ORDER BY seq DESC LIMIT 1");
    this.#since = connection.prepare("SELECT seq, key, version, type FROM feed WHERE seq > ? ORDER BY seq LIMIT ?");
  }

  /** Inside the transaction of the write itself. */
  append(type: AdapterChange["type"], key: string, version: Version): void {
    const { rowid: seq } = this.#append.run(key, version, type, version);
    if (seq % TRIM_STEP === 0) this.#trim.run(seq - this.#horizon, 4 * TRIM_STEP);
  }

  /** 0 when nothing was ever written. */
  get lastSequence(): number {
    return this.#last.get()?.seq ?? 0;
  }

  /** The greatest version that the store has ever held. */
  get lastVersion(): Version | undefined {
    return this.#last.get()?.high;
  }

  /** The entries after `seq`, oldest first. When the first is not `seq + 1`, what lay between has been trimmed. */
  since(seq: number, limit: number): FeedEntry[] {
    return this.#since.all(seq, limit);
  }
}
