import { StorageError } from "../errors.js";
import type { Awaitable } from "./storage-adapter.js";

/**
 * What an adapter has open, for adapters that hold one connection, handle or file: one at a time. A second storage on the same adapter
 * would take it from the first, and the first to close would close both.
 *
 * @example
 * readonly #store = new OpenOnce<MyStore>("acme");
 * async open(context) { const { lastVersion } = await this.#store.open(() => MyStore.open(context)); return { lastVersion }; }
 * async close() { await this.#store.close(); }
 */
export class OpenOnce<Store extends { close(): Awaitable<void> }> {
  readonly #adapter: string;
  /** Null while it is being opened or closed. */
  #store: Store | null | undefined;

  constructor(adapter: string) {
    this.#adapter = adapter;
  }

  /** Throws CLOSED where nothing is open. */
  get current(): Store {
    return this.#store ?? this.#refuse("CLOSED", "not open");
  }

  /** Throws INVALID_OPTION where something is open, being opened or being closed, and what `open` throws. */
  async open(open: () => Awaitable<Store>): Promise<Store> {
    if (this.#store !== undefined) this.#refuse("INVALID_OPTION", "open already: make another");
    this.#store = null;
    try {
      const store = await open();
      this.#store = store;
      return store;
    } catch (error) {
      this.#store = undefined;
      throw error;
    }
  }

  /** Does nothing where nothing is open, or where it is being opened: wait for that first. Whether it succeeds or not, something may be opened again afterwards. */
  async close(): Promise<void> {
    const store = this.#store;
    if (!store) return;
    this.#store = null;
    try {
      await store.close();
    } finally {
      this.#store = undefined;
    }
  }

  #refuse(code: "CLOSED" | "INVALID_OPTION", what: string): never {
    throw new StorageError(code, `this adapter is ${what}`, { adapter: this.#adapter });
  }
}
