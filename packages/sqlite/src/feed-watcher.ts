import type { AdapterChange, CancelTimer, Timers } from "@holdfast/core";
import type { Connection, Statement } from "./driver.js";
import type { Feed, FeedPlace } from "./item-table/feed.js";
import { inSnapshot } from "./item-table/snapshot.js";

/** Milliseconds between looks for commits of other processes. */
const POLL_INTERVAL = 100;
const PAGE = 1_000;

/** Tells listeners of each commit once, in commit order: own commits at once, others' soon. Works only while somebody listens. */
export class FeedWatcher {
  readonly #connection: Connection;
  readonly #feed: Feed;
  readonly #timers: Timers;
  readonly #dataVersion: Statement<{ data_version: number }>;
  readonly #listeners = new Set<{ readonly listener: (change: AdapterChange) => void }>();
  /** Up to where the listeners have been told. */
  #seen: FeedPlace;
  #dataVersionSeen: number | undefined;
  #cancelPoll: CancelTimer | undefined;

  constructor(connection: Connection, feed: Feed, timers: Timers) {
    this.#connection = connection;
    this.#feed = feed;
    this.#seen = feed.end;
    this.#timers = timers;
    // Changes when another connection has committed, and costs next to nothing to ask.
    this.#dataVersion = connection.prepare("PRAGMA data_version");
  }

  /** From now on. Throws when the database cannot be read. */
  add(listener: (change: AdapterChange) => void): () => void {
    if (this.#listeners.size === 0) this.#seen = this.#feed.end;
    else this.#dispatch();
    const entry = { listener };
    this.#listeners.add(entry);
    this.#cancelPoll ??= this.#poll();
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** To be called after own commits, which do not show in the data version. */
  committed(): void {
    if (this.#listeners.size > 0) this.#attempt(() => this.#dispatch());
  }

  /** Ends every watch. */
  stop(): void {
    this.#listeners.clear();
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
  }

  #poll(): CancelTimer {
    const look = () => {
      this.#cancelPoll = this.#poll();
      this.#attempt(() => this.#look());
    };
    return this.#timers.schedule(look, POLL_INTERVAL, "background");
  }

  #look(): void {
    const version = this.#dataVersion.get()?.data_version;
    if (version === this.#dataVersionSeen) return;
    this.#dispatch();
    this.#dataVersionSeen = version;
  }

  // A read that fails for a moment (a lock, a disk) has lost nothing: the feed keeps what was not told yet, and the next
  // commit or look comes to it. A store that is broken says so to its callers.
  #attempt(read: () => void): void {
    try {
      read();
    } catch {
      this.#dataVersionSeen = undefined;
    }
  }

  #dispatch(): void {
    for (;;) {
      const entries = this.#feed.since(this.#seen.seq, PAGE);
      const [first] = entries;
      if (first === undefined) return;
      if (first.seq !== this.#seen.seq + 1) {
        this.#tellAll();
        return;
      }
      for (const { seq, ...change } of entries) {
        this.#seen = { seq, cursor: change.cursor };
        this.#tell(change);
      }
    }
  }

  /**
   * What was missed has been trimmed from the feed: every key is told of as it stands. These are no entries of the feed, and
   * whoever has heard only some of them has not caught up. So they carry the cursor of the last entry that was told, which
   * the feed does not lead on from any more, and only the last one that of the feed's end.
   */
  #tellAll(): void {
    const sql = `SELECT 'save' AS type, key, version FROM items UNION ALL SELECT 'delete', key, version FROM tombstones`;
    const { end, changes } = inSnapshot(this.#connection, () => ({
      end: this.#feed.end,
      changes: this.#connection.prepare<Pick<AdapterChange, "type" | "key" | "version">>(sql).all(),
    }));
    const { cursor } = this.#seen;
    this.#seen = end;
    for (const [index, change] of changes.entries()) {
      this.#tell({ ...change, cursor: index === changes.length - 1 ? end.cursor : cursor });
    }
  }

  #tell(change: AdapterChange): void {
    for (const { listener } of this.#listeners) {
      try {
        listener({ ...change });
      } catch (error) {
        // As event targets do: the other listeners are served, and the error surfaces as an uncaught one.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
