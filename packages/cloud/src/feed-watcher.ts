import type { AdapterChange, CancelTimer, Ports, Timers } from "@holdfast/core";
import type { Connection } from "./connection.js";
import type { Feed, FeedPlace, PlacedEntry } from "./feed.js";
import type { CompleteOptions } from "./options.js";
import { Pushes } from "./pushes.js";

interface Watcher {
  readonly listener: (change: AdapterChange) => void;
  /** The place behind which it is told. */
  readonly from: bigint;
}

interface StandingPage {
  readonly changes: readonly [type: "save" | "delete", key: string, version: AdapterChange["version"]][];
  readonly has_more: boolean;
}

const PAGE = 1_000;
/** How much longer the pause between two looks may become. */
const MOST_PATIENCE = 10;
const GROWTH = 1.5;
/** The same while hints come: a hint may get lost, no write may. */
const LIVE_PATIENCE = 60;

/**
 * Tells listeners of each commit once, in commit order, by reading the feed: soon after an own commit or a hint, else after a
 * pause that grows while nothing happens. Works only while somebody listens. A look that fails has lost nothing.
 */
export class FeedWatcher {
  readonly #connection: Connection;
  readonly #store: string;
  readonly #feed: Feed;
  readonly #timers: Timers;
  readonly #interval: number;
  readonly #pushes: Pushes;
  readonly #watchers = new Set<Watcher>();
  /** Up to where all have been told. */
  #seen: FeedPlace | undefined;
  #pause: number;
  #cancel: CancelTimer | undefined;
  #looking = false;
  #hinted = false;

  constructor(connection: Connection, store: string, feed: Feed, { timers, random }: Ports, options: CompleteOptions) {
    this.#connection = connection;
    this.#store = store;
    this.#feed = feed;
    this.#timers = timers;
    this.#interval = options.pollInterval;
    this.#pause = options.pollInterval;
    const topic = `holdfast:${store}:${random.fraction()}`;
    this.#pushes = new Pushes(options.client, store, topic, timers, {
      hint: (seq) => this.#pushed(seq),
      liveChanged: () => this.#startAnew(),
    });
  }

  /** From now on. */
  async add(listener: Watcher["listener"]): Promise<() => void> {
    const end = await this.#feed.end(undefined);
    const watcher = { listener, from: BigInt(end.seq) };
    this.#seen ??= end;
    this.#watchers.add(watcher);
    this.#pushes.start();
    this.hint();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.stop();
    };
  }

  /** There may be something new. */
  hint(): void {
    if (this.#watchers.size === 0) return;
    if (this.#looking) this.#hinted = true;
    else void this.#look();
  }

  stop(): void {
    this.#pushes.stop();
    this.#watchers.clear();
    this.#seen = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Own writes are pushed too, mostly after they have been told. */
  #pushed(seq: string | undefined): void {
    const seen = this.#seen;
    if (seq === undefined || seen === undefined || BigInt(seq) > BigInt(seen.seq)) this.hint();
  }

  /** The pauses are others from now on. */
  #startAnew(): void {
    this.#pause = this.#interval;
    this.hint();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#cancel?.();
    let failed = false;
    try {
      do {
        this.#hinted = false;
        const told = await this.#tellNew();
        this.#pause = told ? this.#interval : this.#longer();
      } while (this.#hinted && this.#watchers.size > 0);
    } catch {
      failed = true;
      this.#pause = this.#longer();
    } finally {
      this.#looking = false;
    }
    if (this.#watchers.size > 0) {
      // No hint comes of a write that one came of already.
      const pause = this.#pushes.live && !failed ? this.#interval * LIVE_PATIENCE : this.#pause;
      this.#cancel = this.#timers.schedule(() => void this.#look(), pause, "background");
    }
  }

  #longer(): number {
    return Math.min(this.#pause * GROWTH, this.#interval * MOST_PATIENCE);
  }

  /** Resolves to whether there was anything. */
  async #tellNew(): Promise<boolean> {
    let told = false;
    for (;;) {
      const from = this.#seen;
      if (from === undefined) return told;
      const part = await this.#feed.behind(from, PAGE, undefined);
      // All have gone meanwhile, or others have come for whom that was too early.
      if (this.#seen !== from) return told;
      if (part === undefined) {
        await this.#tellAll(from);
        return true;
      }
      const { entries, looked } = part;
      this.#seen = looked;
      for (const entry of entries) this.#tell(entry);
      told ||= entries.length > 0;
      if (entries.length < PAGE) return told;
    }
  }

  /**
   * What was missed has been trimmed from the feed: every key is told of as it stands. These are no entries of the feed, and
   * whoever has heard only some of them has not caught up. So they carry the cursor of the last entry that was told, which the
   * feed does not lead on from any more, and only the last one that of the feed's end.
   */
  async #tellAll(from: FeedPlace): Promise<void> {
    const end = await this.#feed.end(undefined);
    const all: PlacedEntry[] = [];
    for (let after: string | null = null; ; ) {
      const page: StandingPage = await this.#connection.call(
        "holdfast_standing",
        { p_store: this.#store, p_after: after, p_limit: PAGE },
        undefined,
      );
      for (const [type, key, version] of page.changes) {
        all.push({ type, key, version, place: end, cursor: this.#feed.cursorOf(from) });
        after = key;
      }
      if (!page.has_more) break;
    }
    if (this.#seen !== from) return;
    this.#seen = end;
    for (const [index, entry] of all.entries()) {
      this.#tell(index === all.length - 1 ? { ...entry, cursor: this.#feed.cursorOf(end) } : entry);
    }
  }

  #tell({ place, ...change }: PlacedEntry): void {
    const seq = BigInt(place.seq);
    for (const { listener, from } of this.#watchers) {
      if (seq <= from) continue;
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
