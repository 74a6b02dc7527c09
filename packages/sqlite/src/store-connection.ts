import { type AdapterContext, type Awaitable, StorageError } from "@holdfast/core";
import { isBusy, isSyncFailure } from "./classify.js";
import { GroupCommit, lostConnection } from "./group-commit.js";
import type { ItemTable } from "./item-table/item-table.js";
import { emptyLogIfPossible } from "./item-table/maintenance.js";
import { retryWhileLocked } from "./lock-retry.js";
import type { OpenDatabase } from "./open-database.js";

/** What a store's connection is made of, and who is told. */
export interface StoreConnectionOptions {
  readonly database: OpenDatabase;
  readonly table: ItemTable;
  readonly context: AdapterContext;
  /** Milliseconds to wait for locks of other processes. */
  readonly lockTimeout: number;
  /** Called after each group of writes. */
  readonly committed: () => void;
  /** Called once, when the connection is lost. */
  readonly failed: (error: StorageError) => void;
}

/** Bodies that the indexes may lack before a group of writes has them caught up, and that one transaction takes in. */
const MOST_BEHIND = 128;
const CATCH_UP_STEP = 512;

/**
 * The one connection of a store, for reads and for writes in groups. When the disk does not confirm a write both end: nobody knows any
 * more what the file holds, and every later call is rejected with what happened.
 */
export class StoreConnection {
  /** Writes, in shared transactions. */
  readonly group: GroupCommit;
  readonly #options: StoreConnectionOptions;
  #failure: StorageError | undefined;
  #isCatchingUp = false;
  /** By how much the indexes lagged when the last group began, and how much of it is borne. */
  #behind = 0;
  #patience = MOST_BEHIND;

  constructor(options: StoreConnectionOptions) {
    const { database, context, lockTimeout, committed } = options;
    this.#options = options;
    this.group = new GroupCommit({
      connection: database.connection,
      ports: context.ports,
      lockTimeout,
      begun: () => {
        this.#requireSameTokenizer();
        this.#behind = options.table.indexes.behind;
      },
      verify: () => database.identity.verify(),
      committed: () => {
        committed();
        if (this.#behind >= this.#patience) this.catchUp();
      },
      failed: (error) => this.#fail(error),
    });
  }

  /** Throws what ended the connection, if something has. */
  require(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Runs what needs no group, mostly reads, at once, or again on timers when it meets a lock. */
  read<T>(work: () => T, signal: AbortSignal | undefined): Awaitable<T> {
    try {
      return this.#attempt(work);
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    const { context, lockTimeout } = this.#options;
    return retryWhileLocked(() => this.#attempt(work), { ports: context.ports, lockTimeout, signal });
  }

  /** Has lagging indexes take in what they lack, with the writes that come next. Nobody waits for it: nothing depends on it. */
  catchUp(): void {
    if (this.#isCatchingUp || this.#failure !== undefined) return;
    this.#isCatchingUp = true;
    const done = (patience: number) => {
      this.#isCatchingUp = false;
      this.#patience = patience;
    };
    this.group
      .submit(() => this.#options.table.indexes.catchUp(CATCH_UP_STEP))
      .then(
        () => done(MOST_BEHIND),
        // No room, or an index that is damaged: tried again when it lags so much more.
        () => done(this.#behind + MOST_BEHIND),
      );
  }

  /** To be called when the group is drained. */
  close(): void {
    if (this.#failure !== undefined) return;
    const { connection } = this.#options.database;
    try {
      emptyLogIfPossible(connection);
    } finally {
      connection.close();
    }
  }

  #attempt<T>(work: () => T): T {
    this.require();
    try {
      return work();
    } catch (error) {
      if (!isSyncFailure(error)) throw error;
      const failure = lostConnection(error);
      this.group.fail(failure);
      throw failure;
    }
  }

  #requireSameTokenizer(): void {
    const { table, context } = this.#options;
    if (table.tokenizerVersion === context.tokenizerVersion) return;
    throw new StorageError(
      "UNAVAILABLE",
      "another version of Holdfast has built this store's search index anew: update Holdfast here, or close this storage and open it again",
      { retryable: false },
    );
  }

  #fail(error: StorageError): void {
    this.#failure = error;
    this.#options.failed(error);
    this.#options.database.connection.close();
  }
}
