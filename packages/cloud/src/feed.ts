import { type AdapterChange, type FeedPage, type FeedRange, StorageError, type Version } from "@holdfast/core";
import type { Connection } from "./connection.js";

/** How far somebody has read. */
export interface FeedPlace {
  /** Of the entry read last, as text: it may be greater than a number can tell exactly. "0" before the first. */
  readonly seq: string;
  readonly version: string | null;
}

export interface PlacedEntry extends Pick<AdapterChange, "type" | "key" | "version"> {
  readonly place: FeedPlace;
  readonly cursor: string;
}

/** What is behind a place. */
export interface FeedPart {
  /** Oldest first. */
  readonly entries: readonly PlacedEntry[];
  /** Where to go on. Behind the last entry, and behind those that this user does not see: who sees few looks at each of them once. */
  readonly looked: FeedPlace;
}

type WireEntry = readonly [seq: string, type: "save" | "delete", key: string, version: Version];

const CURSOR = /^([0-9a-f]{32}):(?:(0)|([1-9][0-9]{0,18}):([0-9a-f-]{1,64}))$/;
const MOST_AT_ONCE = 1_000;
/** Stands for the version of an entry that is somebody else's to see. */
const UNSEEN = "-";

/**
 * Every committed write, in commit order. A cursor is `<epoch>:<sequence>:<version>` of the entry read last, and `<epoch>:0` before
 * the first. The version tells when the database was put back from a copy and written to since; it is `-` where the entry is not seen.
 */
export class Feed {
  readonly #connection: Connection;
  readonly #store: string;
  /** The name of this feed, and so of its store. */
  readonly epoch: string;

  constructor(connection: Connection, store: string, epoch: string) {
    this.#connection = connection;
    this.#store = store;
    this.epoch = epoch;
  }

  /** Throws INVALID_OPTION for what is no cursor. */
  async page({ after, limit }: FeedRange, signal: AbortSignal | undefined): Promise<FeedPage> {
    const place = after === undefined ? { seq: "0", version: null } : this.#placeOf(after);
    const part = place === undefined ? undefined : await this.behind(place, limit, signal);
    if (part === undefined) return { outcome: "resync" };
    return { outcome: "page", changes: part.entries.map(({ place: _, ...entry }) => entry) };
  }

  /** Undefined where the feed does not lead on from that place. */
  async behind(
    { seq, version }: FeedPlace,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<FeedPart | undefined> {
    const answer = await this.#connection.call<{ readonly entries: WireEntry[]; readonly looked: string } | null>(
      "holdfast_feed",
      { p_store: this.#store, p_seq: seq, p_version: version, p_limit: Math.min(limit, MOST_AT_ONCE) },
      signal,
    );
    if (answer === null) return undefined;
    const entries = answer.entries.map(([seq, type, key, version]) => {
      const place = { seq, version };
      return { type, key, version, place, cursor: this.cursorOf(place) };
    });
    const last = entries.at(-1)?.place ?? { seq, version };
    return { entries, looked: last.seq === answer.looked ? last : { seq: answer.looked, version: UNSEEN } };
  }

  /** Behind the newest entry. */
  async end(signal: AbortSignal | undefined): Promise<FeedPlace> {
    const [seq, version] = await this.#connection.call<[seq: string, version: string | null]>(
      "holdfast_feed_end",
      { p_store: this.#store },
      signal,
    );
    return { seq, version };
  }

  cursorOf({ seq, version }: FeedPlace): string {
    return version === null ? `${this.epoch}:0` : `${this.epoch}:${seq}:${version}`;
  }

  /** Undefined: of another store, or of this one before it was made anew. */
  #placeOf(cursor: string): FeedPlace | undefined {
    const parts = CURSOR.exec(cursor);
    if (parts === null) {
      throw new StorageError(
        "INVALID_OPTION",
        `${JSON.stringify(cursor)} is not a cursor of this kind of store; pass on one that changes() gave`,
        { adapter: "cloud" },
      );
    }
    const [, epoch, , seq = "0", version = null] = parts;
    // No sequence is above what the database can count to.
    if (epoch !== this.epoch || BigInt(seq) > LARGEST) return undefined;
    return { seq, version };
  }
}

const LARGEST = 2n ** 63n - 1n;
