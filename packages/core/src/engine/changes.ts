import type { Change } from "../contract/watch.js";
import { StorageError } from "../errors.js";
import type { FeedRange, StorageAdapter } from "../spi/index.js";
import type { Operation } from "./failure.js";
import type { Session } from "./session.js";
import { toChange } from "./watch-hub.js";

const PAGE = 1_000;

/** Reads the feed from a cursor up to what is the newest entry when it is opened: a reader that writes is not led in a circle. */
export class FeedReader {
  readonly #session: Session;
  readonly #pageOf: NonNullable<StorageAdapter["changes"]>;
  /** Keys of the entries that are wanted start with it. */
  readonly #prefix: string;
  readonly #until: string | undefined;
  #after: string | undefined;
  #ended: boolean;

  private constructor(
    session: Session,
    pageOf: NonNullable<StorageAdapter["changes"]>,
    prefix: string,
    after: string | undefined,
    until: string | undefined,
  ) {
    this.#session = session;
    this.#pageOf = pageOf;
    this.#prefix = prefix;
    this.#after = after;
    this.#until = until;
    // Without one the backend has never been reached: that is for the first page to say.
    this.#ended = until !== undefined && after === until;
  }

  /** Throws UNSUPPORTED where there is no feed. */
  static async open(session: Session, operation: Operation, prefix: string, since: unknown): Promise<FeedReader> {
    const { adapter } = session;
    const { signal } = operation;
    const pageOf = adapter.changes?.bind(adapter);
    const lastCursor = adapter.lastCursor?.bind(adapter);
    if (pageOf === undefined || lastCursor === undefined) {
      throw new StorageError("UNSUPPORTED", `${adapter.name} keeps no feed of its changes: list() what there is`);
    }
    if (since !== undefined && typeof since !== "string") {
      throw new StorageError("INVALID_OPTION", `a cursor is the string that a change came with, not ${typeof since}`);
    }
    const until = await session.ask(operation, () => lastCursor({ signal }));
    return new FeedReader(session, pageOf, prefix, since, until);
  }

  /** The next entries, keys without the prefix; undefined at the end. A page may be empty: all of it was of other namespaces. */
  async next(operation: Operation): Promise<Change[] | undefined> {
    if (this.#ended) return undefined;
    const { signal } = operation;
    const range: FeedRange = { after: this.#after, limit: PAGE };
    const page = await this.#session.ask(operation, () => this.#pageOf(range, { signal }));
    if (page.outcome === "resync") throw resyncError();
    const wanted: Change[] = [];
    for (const entry of page.changes) {
      const change = toChange(entry, this.#session.versions);
      if (change.key.startsWith(this.#prefix)) wanted.push({ ...change, key: change.key.slice(this.#prefix.length) });
      this.#after = entry.cursor;
      if (entry.cursor === this.#until) {
        this.#ended = true;
        break;
      }
    }
    // That a page is short says nothing: a backend may have limits of its own.
    if (page.changes.length === 0) this.#ended = true;
    return wanted;
  }
}

function resyncError(): StorageError {
  return new StorageError(
    "NOT_FOUND",
    "the feed of changes cannot go on from there: take getInfo().cursor, then read everything anew with scan(), then go on from that cursor",
    { resync: true },
  );
}
