import type { Change, ChangeListener, Unwatch } from "../contract/watch.js";
import { StorageError } from "../errors.js";
import { isBelow } from "../keys.js";
import type { AdapterChange, Awaitable, StorageAdapter } from "../spi/index.js";
import type { VersionClock } from "../versions.js";
import { toStorageError } from "./failure.js";
import { notify } from "./notify.js";

interface Watcher {
  readonly prefix: string;
  readonly listener: (change: Change) => void;
}

/** Hands the adapter's changes to every watcher; asks the adapter only while somebody watches. */
export class WatchHub {
  readonly #adapter: StorageAdapter;
  readonly #versions: VersionClock;
  readonly #watchers = new Set<Watcher>();
  #source: Promise<() => Awaitable<void>> | undefined;
  /** Whether the adapter has answered. */
  #hasBegun = false;

  constructor(adapter: StorageAdapter, versions: VersionClock) {
    this.#adapter = adapter;
    this.#versions = versions;
  }

  /** Resolves when changes committed from now on will be seen. Keys reach the listener as the store has them. */
  async add(prefix: string, listener: ChangeListener): Promise<Unwatch> {
    if (this.#adapter.watch === undefined) {
      throw new StorageError("UNSUPPORTED", `${this.#adapter.name} cannot tell of changes: list() now and then`);
    }
    const watcher: Watcher = { prefix, listener };
    if (this.#source === undefined) {
      this.#hasBegun = false;
      this.#source = Promise.resolve(this.#adapter.watch((change) => this.#dispatch(change)));
    }
    const source = this.#source;
    this.#watchers.add(watcher);
    try {
      await source;
      if (this.#source === source) this.#hasBegun = true;
    } catch (error) {
      this.#watchers.delete(watcher);
      if (this.#source === source) this.#source = undefined;
      throw error;
    }
    return () => this.#remove(watcher);
  }

  /** Does not wait for an adapter that has not answered yet: it may never. */
  async close(): Promise<void> {
    this.#watchers.clear();
    const released = this.#release();
    if (this.#hasBegun) await released;
    else released.catch(() => undefined);
  }

  async #remove(watcher: Watcher): Promise<void> {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) await this.#release();
  }

  async #release(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    if (source === undefined) return;
    try {
      await (await source)();
    } catch (error) {
      throw toStorageError(error, { name: "watch" }, this.#adapter);
    }
  }

  #dispatch(entry: AdapterChange): void {
    const change = toChange(entry, this.#versions);
    for (const { prefix, listener } of this.#watchers) {
      if (isBelow(change.key, prefix)) notify(listener, { ...change });
    }
  }
}

/** What callers see of a change; its key as the store has it. */
export function toChange({ type, key, version, external, cursor }: AdapterChange, versions: VersionClock): Change {
  const origin = external ? "external" : versions.made(version) ? "self" : "peer";
  return cursor === undefined ? { type, key, version, origin } : { type, key, version, origin, cursor };
}
