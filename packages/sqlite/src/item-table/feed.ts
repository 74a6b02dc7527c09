import { type AdapterChange, type FeedPage, type FeedRange, StorageError, type Version } from "@holdfast/core";
import type { Connection, Statement } from "../driver.js";
import { readStoreValue } from "./schema.js";
import { inSnapshot } from "./snapshot.js";

/** One committed write, and its place in the feed. */
export interface FeedEntry extends Pick<AdapterChange, "type" | "key" | "version"> {
  /** 1 for the first, without gaps. */
  readonly seq: number;
  readonly cursor: string;
}

/** How far somebody has read. */
export interface FeedPlace {
  /** Of the entry read last; 0 before the first. */
  readonly seq: number;
  readonly cursor: string;
}

/** How many of the newest entries stay at least. */
const FEED_HORIZON = 100_000;
// Old entries go in steps: one write in so many deletes so many rows and finds them on neighbouring pages.
const TRIM_STEP = 1_024;
const CURSOR = /^([0-9a-z]+):(?:0|([1-9][0-9]{0,15}):([0-9a-z-]+))$/;

type FeedRow = Omit<FeedEntry, "cursor">;

/**
 * Every committed write, in commit order. Sequences have no gaps: an entry's is one above the last one's, which never
 * leaves, and a write that is rolled back takes its own back.
 *
 * A cursor is `<epoch>:<sequence>:<version>` of the entry read last, and `<epoch>:0` before the first. The version tells when
 * the file was put back from a copy and written to since: then another entry has that sequence.
 */
export class Feed {
  readonly #connection: Connection;
  readonly #horizon: number;
  /** The name of this feed, and so of its store. */
  readonly epoch: string;
  readonly #append: Statement<never>;
  readonly #trim: Statement<never>;
  readonly #first: Statement<{ seq: number }>;
  readonly #last: Statement<{ seq: number; version: Version; high: Version }>;
  readonly #at: Statement<{ version: Version }>;
  readonly #since: Statement<FeedRow>;

  constructor(connection: Connection, horizon: number = FEED_HORIZON) {
    this.#connection = connection;
    this.#horizon = Math.max(1, horizon);
    this.epoch = epochOf(connection);
    this.#append = connection.prepare(
      `INSERT INTO feed (key, version, type, high)
       VALUES (?, ?, ?, max(?, coalesce((SELECT high FROM feed ORDER BY seq DESC LIMIT 1), '')))`,
    );
    this.#trim = connection.prepare(
      "DELETE FROM feed WHERE seq IN (SELECT seq FROM feed WHERE seq <= ? ORDER BY seq LIMIT ?)",
    );
    this.#first = connection.prepare("SELECT seq FROM feed ORDER BY seq LIMIT 1");
    this.#last = connection.prepare("SELECT seq, version, high FROM feed ORDER BY seq DESC LIMIT 1");
    this.#at = connection.prepare("SELECT version FROM feed WHERE seq = ?");
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

  /** Behind the newest entry. */
  get end(): FeedPlace {
    const last = this.#last.get();
    return last === undefined ? { seq: 0, cursor: `${this.epoch}:0` } : { seq: last.seq, cursor: this.#cursor(last) };
  }

  /** The entries after `seq`, oldest first. When the first is not `seq + 1`, what lay between has been trimmed. */
  since(seq: number, limit: number): FeedEntry[] {
    // Property by property: a spread pattern costs more than reading the row.
    return this.#since.all(seq, limit).map((row) => ({
      seq: row.seq,
      type: row.type,
      key: row.key,
      version: row.version,
      cursor: this.#cursor(row),
    }));
  }

  /** The entries behind a cursor, on one state of the database. Throws INVALID_OPTION for what is no cursor. */
  page({ after, limit }: FeedRange): FeedPage {
    return inSnapshot(this.#connection, () => {
      const from = after === undefined ? this.#beginning() : this.#resume(after);
      if (from === undefined) return { outcome: "resync" };
      const changes = this.since(from, limit).map(({ seq: _, ...entry }) => entry);
      return { outcome: "page", changes };
    });
  }

  /** The sequence behind which everything that was ever written follows. */
  #beginning(): number | undefined {
    const first = this.#first.get();
    return first === undefined || first.seq === 1 ? 0 : undefined;
  }

  /** The sequence that a cursor stands at; undefined where the feed does not lead on from it. */
  #resume(cursor: string): number | undefined {
    const [, epoch, sequence, version] = CURSOR.exec(cursor) ?? [];
    const seq = Number(sequence ?? 0);
    if (epoch === undefined || !Number.isSafeInteger(seq)) throw notACursor(cursor);
    if (epoch !== this.epoch) return undefined;
    if (seq === 0) return this.#beginning();
    return this.#at.get(seq)?.version === version ? seq : undefined;
  }

  #cursor({ seq, version }: { readonly seq: number; readonly version: string }): string {
    return `${this.epoch}:${seq}:${version}`;
  }
}

function epochOf(connection: Connection): string {
  const epoch = readStoreValue(connection, "epoch");
  if (epoch !== undefined) return epoch;
  throw new StorageError("CORRUPT", "the database has lost the name of its feed; restore it from a backup");
}

function notACursor(cursor: string): StorageError {
  return new StorageError(
    "INVALID_OPTION",
    `${JSON.stringify(cursor)} is not a cursor of this kind of store; pass on one that changes() gave`,
  );
}
