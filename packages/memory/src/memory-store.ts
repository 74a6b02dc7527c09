import { type AdapterChange, type Standing, StorageError, type StoredRecord, type Version } from "@holdfast/core";
import { SortedMap } from "./sorted-map.js";

/** One change to a store, already found to be allowed. */
export type Step =
  | { readonly type: "put"; readonly record: StoredRecord }
  | { readonly type: "delete"; readonly key: string; readonly version: Version };

/** One registration: the same function may be registered twice. */
export interface Watcher {
  readonly listener: (change: AdapterChange) => void;
}

/**
 * What one or several memory adapters keep their records in: each of them sees what the others write, as processes on one
 * database do. It lives as long as somebody holds it.
 */
export class MemoryStore {
  readonly #records = new SortedMap<StoredRecord>();
  readonly #tombstones = new Map<string, Version>();
  readonly #watchers = new Set<Watcher>();
  #lastVersion: Version | undefined;
  #used = 0;

  /** The greatest version ever written, tombstones included. */
  get lastVersion(): Version | undefined {
    return this.#lastVersion;
  }

  /** Bytes held, by the measure of `footprint`. */
  get used(): number {
    return this.#used;
  }

  get tombstones(): number {
    return this.#tombstones.size;
  }

  /** The record under a key, living or expired. Callers copy what they hand on. */
  record(key: string): StoredRecord | undefined {
    return this.#records.get(key);
  }

  /** In code-point order, from the first key that is not below `key`. */
  recordsFrom(key: string): Iterable<StoredRecord> {
    return this.#records.from(key);
  }

  standing(key: string): Standing {
    return { stored: this.#records.get(key)?.header, tombstone: this.#tombstones.get(key) };
  }

  /** Takes all steps, or none and throws QUOTA_EXCEEDED when the store would then hold more than `capacity`. */
  commit(steps: readonly Step[], capacity: number): void {
    let growth = 0;
    for (const step of steps) growth += step.type === "put" ? this.#growth(step.record) : -this.#held(step.key);
    if (growth > 0 && this.#used + growth > capacity) {
      throw new StorageError(
        "QUOTA_EXCEEDED",
        `the memory store holds ${this.#used} of at most ${capacity} bytes and has no room for ${growth} more: delete items, sweep expired ones or raise the capacity`,
      );
    }
    this.#used += growth;
    for (const step of steps) this.#take(step);
  }

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  #take(step: Step): void {
    if (step.type === "put") {
      const { key, version } = step.record.header;
      this.#records.set(key, step.record);
      this.#tombstones.delete(key);
      this.#committed({ type: "save", key, version });
    } else {
      const { key, version } = step;
      this.#records.delete(key);
      this.#tombstones.set(key, version);
      this.#committed({ type: "delete", key, version });
    }
  }

  #growth(record: StoredRecord): number {
    return footprint(record) - this.#held(record.header.key);
  }

  #held(key: string): number {
    const record = this.#records.get(key);
    return record === undefined ? 0 : footprint(record);
  }

  #committed(change: AdapterChange): void {
    if (this.#lastVersion === undefined || change.version > this.#lastVersion) this.#lastVersion = change.version;
    // Later, so that neither a listener's error nor its own next write comes between this write and its answer.
    for (const watcher of this.#watchers) {
      queueMicrotask(() => {
        if (this.#watchers.has(watcher)) watcher.listener({ ...change });
      });
    }
  }
}

/** A backing store for `memory({ store })`. */
export function createMemoryStore(): MemoryStore {
  return new MemoryStore();
}

/** What a record counts for: the bytes of its body, and two for each character of its key, tags and metadata. */
function footprint({ header, body }: StoredRecord): number {
  const { key, tags, metadata } = header;
  // Most records have neither tags nor metadata, and writing out nothing would cost as much as storing the record.
  let characters = key.length;
  if (tags.length > 0) characters += JSON.stringify(tags).length;
  if (Object.keys(metadata).length > 0) characters += JSON.stringify(metadata).length;
  return body.byteLength + 2 * characters;
}
