import { concurrently } from "../engine/concurrently.js";
import type { Operation } from "../engine/failure.js";
import { everyHeader, PAGE } from "../engine/scan.js";
import type { FeedRange, RecordHeader } from "../spi/index.js";
import type { Scope } from "./scope.js";
import { isCurrent } from "./stored-version.js";

/** More entries than that are not read: by then it is likely that looking through the headers costs less. */
const MOST_FOLLOWED = 500;
/** Far away, so many look-ups take at least as long as a page of headers. Nearby they take less; there a page is milliseconds. */
const LOOKED_UP_AT_ONCE = 16;

interface Known {
  readonly keys: ReadonlySet<string>;
  /** How far the feed was followed; undefined where there is none. */
  readonly cursor: string | undefined;
  /** Of headers: how many it took to look through them, the last time. */
  readonly pages: number;
}

/**
 * Which items of a collection are not as the code writes them, so that their headers do not tell what their data would be
 * found by. Where the adapter has a change feed, the answer is kept and brought up to date from it; elsewhere every header is
 * looked at each time.
 */
export class OutdatedItems {
  readonly #scope: Scope;
  /** Replaced as a whole: of several that ask at once, none waits for another or sees its half-done work. */
  #known: Known | undefined;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Keys of the store, in no order. */
  async find(operation: Operation): Promise<ReadonlySet<string>> {
    const known = (await this.#follow(operation, this.#known)) ?? (await this.#lookThrough(operation));
    this.#known = known;
    return known.keys;
  }

  /** Undefined: so much has happened that looking through the headers costs less, or nobody can tell what. */
  async #follow(operation: Operation, known: Known | undefined): Promise<Known | undefined> {
    if (known?.cursor === undefined) return undefined;
    const { session, prefix } = this.#scope.internals;
    const { signal } = operation;
    const until = await this.#newest(operation);
    const written = new Set<string>();
    let after: string | undefined = known.cursor;
    for (let left = MOST_FOLLOWED; after !== until; ) {
      if (after === undefined || left <= 0) return undefined;
      const range: FeedRange = { after, limit: left };
      const page = await session.ask(operation, () => session.adapter.changes?.(range, { signal }));
      if (page === undefined || page.outcome === "resync") return undefined;
      for (const { key } of page.changes) if (key.startsWith(prefix)) written.add(key);
      // That a page is short says nothing; that it is empty does.
      after = page.changes.at(-1)?.cursor ?? until;
      left -= page.changes.length;
    }
    if (written.size === 0) return { ...known, cursor: after };
    if (written.size > LOOKED_UP_AT_ONCE * known.pages) return undefined;
    const keys = new Set(known.keys);
    await concurrently(written, LOOKED_UP_AT_ONCE, async (key) => {
      const header = await session.ask(operation, () => session.adapter.stat(key, { now: session.now(), signal }));
      if (this.#isOutdated(header)) keys.add(key);
      else keys.delete(key);
    });
    return { ...known, keys, cursor: after };
  }

  async #lookThrough(operation: Operation): Promise<Known> {
    const { session, prefix } = this.#scope.internals;
    // What is written meanwhile is looked at now or followed later, or both.
    const cursor = await this.#newest(operation);
    const keys = new Set<string>();
    let headers = 0;
    for await (const header of everyHeader(session, operation, prefix)) {
      headers++;
      if (this.#isOutdated(header)) keys.add(header.key);
    }
    return { keys, cursor, pages: Math.floor(headers / PAGE) + 1 };
  }

  /** Undefined where there is no feed. */
  async #newest(operation: Operation): Promise<string | undefined> {
    const { session } = this.#scope.internals;
    const { signal } = operation;
    return session.ask(operation, () => session.adapter.lastCursor?.({ signal }));
  }

  #isOutdated(header: RecordHeader | undefined): boolean {
    const { definition } = this.#scope;
    if (header === undefined || isCurrent(header, definition)) return false;
    // Of an item without fields, in a collection without an index, no upgrade changes what is found.
    return definition.index.length > 0 || header.fields !== undefined;
  }
}
