import type { Operation } from "../engine/failure.js";
import { everyHeader } from "../engine/scan.js";
import type { FeedEntry, FeedPage, RecordHeader } from "../spi/index.js";
import type { Scope } from "./scope.js";
import { isCurrent } from "./stored-version.js";

// More entries than that are as dear to follow, one look-up for each, as looking through the headers once more.
const MOST_FOLLOWED = 500;

/**
 * Which items of a collection are not as the code writes them, so that their headers do not tell what their data would be
 * found by. Where the adapter has a change feed, the answer is kept and brought up to date from it; elsewhere every header is
 * looked at each time.
 */
export class OutdatedItems {
  readonly #scope: Scope;
  readonly #keys = new Set<string>();
  /** How far the feed was followed; undefined: not yet, or there is none. */
  #cursor: string | undefined;
  /** One at a time: they share what they find. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Keys of the store, in no order. */
  find(operation: Operation): Promise<ReadonlySet<string>> {
    const find = async () => {
      operation.signal?.throwIfAborted();
      if (!(await this.#follow(operation))) await this.#lookThrough(operation);
      return new Set(this.#keys);
    };
    const mine = this.#turn.then(find, find);
    this.#turn = mine;
    return mine;
  }

  /** False: too much has happened, or nobody can tell what. */
  async #follow(operation: Operation): Promise<boolean> {
    if (this.#cursor === undefined) return false;
    const { internals } = this.#scope;
    const { adapter } = internals.session;
    const range = { after: this.#cursor, limit: MOST_FOLLOWED };
    const page = await internals.session.ask<FeedPage>(
      operation,
      () => adapter.changes?.(range, { signal: operation.signal }) ?? { outcome: "resync" },
    );
    if (page.outcome === "resync" || page.changes.length === MOST_FOLLOWED) return false;
    const written = page.changes.filter(({ key }: FeedEntry) => key.startsWith(internals.prefix));
    for (const key of new Set(written.map((change: FeedEntry) => change.key))) {
      this.#note(key, await this.#headerOf(operation, key));
    }
    this.#cursor = page.changes.at(-1)?.cursor ?? this.#cursor;
    return true;
  }

  async #lookThrough(operation: Operation): Promise<void> {
    const { session, prefix } = this.#scope.internals;
    const { adapter } = session;
    const { signal } = operation;
    // What is written meanwhile is looked at now or followed later, or both.
    const cursor = await session.ask(operation, () => adapter.lastCursor?.({ signal }));
    this.#cursor = undefined;
    this.#keys.clear();
    for await (const header of everyHeader(session, operation, prefix)) this.#note(header.key, header);
    this.#cursor = cursor;
  }

  #note(key: string, header: RecordHeader | undefined): void {
    if (header === undefined || isCurrent(header, this.#scope.definition)) this.#keys.delete(key);
    else this.#keys.add(key);
  }

  async #headerOf(operation: Operation, key: string): Promise<RecordHeader | undefined> {
    const { session } = this.#scope.internals;
    const { signal } = operation;
    return session.ask(operation, () => session.adapter.stat(key, { now: session.now(), signal }));
  }
}
