import {
  type AdapterChange,
  BEFORE_ALL_TIME,
  conceals,
  type EncryptionHeader,
  type HistoryLimits,
  isLive,
  type Ports,
  type RecordHeader,
  type Standing,
  StorageError,
  type StoredRecord,
  type Version,
} from "@holdfast/core";
import { Feed } from "./feed.js";
import { footprint } from "./footprint.js";
import { type KeptVersion, KeptVersions } from "./kept-versions.js";
import { SortedMap } from "./sorted-map.js";

/** One change to a store, already found to be allowed. */
export type Step =
  | { readonly type: "put"; readonly record: StoredRecord }
  | { readonly type: "delete"; readonly key: string; readonly version: Version };

/** What holds for a commit beside its steps. */
export interface CommitTerms {
  /** The most bytes that the store may hold afterwards, unless it shrinks. */
  readonly capacity: number;
  /** Which replaced versions are kept. */
  readonly history: HistoryLimits | false;
  readonly now: number;
}

/** One registration: the same function may be registered twice. */
export interface Watcher {
  readonly listener: (change: AdapterChange) => void;
}

/**
 * What one or several memory adapters keep their records in: each of them sees what the others write, as processes on one
 * database do. It lives as long as somebody holds it.
 */
export class MemoryStore {
  /** @internal */
  readonly feed: Feed = new Feed();
  /** @internal */
  readonly kept: KeptVersions = new KeptVersions();
  readonly #records = new SortedMap<StoredRecord>();
  readonly #tombstones = new Map<string, Version>();
  readonly #watchers = new Set<Watcher>();
  #lastVersion: Version | undefined;
  #used = 0;

  /** To be called before all else, by each adapter. @internal */
  begin(ports: Ports): void {
    this.feed.begin(ports);
  }

  /** The greatest version ever written, tombstones included. @internal */
  get lastVersion(): Version | undefined {
    return this.#lastVersion;
  }

  /** Bytes held, kept versions included, by the measure of the option `capacity`. */
  get used(): number {
    return this.#used;
  }

  /**
   * Makes the feed of changes forget what it holds, as it does by itself to what is old: cursors from before the last write are then answered
   * with `resync`. For tests of what an app does in that case.
   */
  forgetFeed(): void {
    this.feed.forget();
  }

  /** @internal */
  get tombstones(): number {
    return this.#tombstones.size;
  }

  /** The record under a key, living or expired. Callers copy what they hand on. @internal */
  record(key: string): StoredRecord | undefined {
    return this.#records.get(key);
  }

  /** In code-point order, from the first key that is not below `key`. @internal */
  recordsFrom(key: string): Iterable<StoredRecord> {
    return this.#records.from(key);
  }

  /** @internal */
  standing(key: string): Standing {
    const stored = this.#records.get(key)?.header;
    // A key has a record or a tombstone, never both.
    return { stored, tombstone: stored === undefined ? this.#tombstones.get(key) : undefined };
  }

  /** Takes all steps, or none and throws QUOTA_EXCEEDED when the store would then hold more than there is room for. @internal */
  commit(steps: readonly Step[], terms: CommitTerms): void {
    const { capacity } = terms;
    let growth = 0;
    for (const step of steps) growth += this.#growth(step, terms);
    if (growth > 0 && this.#used + growth > capacity) {
      throw new StorageError(
        "QUOTA_EXCEEDED",
        `the memory store holds ${this.#used} of at most ${capacity} bytes and has no room for ${growth} more: delete items, sweep expired ones and kept versions or raise the capacity`,
      );
    }
    this.#used += growth;
    for (const step of steps) this.#take(step, terms);
  }

  /** Drops kept versions below the prefix; returns how many those were. @internal */
  dropKept(prefix: string, keep: (kept: KeptVersion) => boolean): number {
    const { versions, bytes } = this.kept.drop(prefix, keep);
    this.#used -= bytes;
    return versions;
  }

  /** Replaces `encryption` of a version, standing or kept. False when it is not there. @internal */
  rewrap(key: string, version: Version, encryption: EncryptionHeader): boolean {
    const headerFor = (header: RecordHeader) => ({ ...header, encryption });
    const standing = this.#records.get(key);
    if (standing?.header.version !== version) return this.kept.replaceHeader(key, version, headerFor);
    this.#records.set(key, { ...standing, header: headerFor(standing.header) });
    return true;
  }

  /** @internal */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** @internal */
  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  #take(step: Step, { history, now }: CommitTerms): void {
    const key = step.type === "put" ? step.record.header.key : step.key;
    if (step.type === "put" && step.record.header.encryption !== undefined) this.#dropPlain(key);
    if (history !== false) {
      const replaced = this.#toKeep(step, now);
      if (replaced !== undefined) this.kept.add({ record: replaced, replaced: now }, history);
    }
    if (step.type === "put") {
      this.#records.set(key, step.record);
      this.#tombstones.delete(key);
      this.#committed({ type: "save", key, version: step.record.header.version });
    } else {
      this.#records.delete(key);
      this.#tombstones.set(key, step.version);
      this.#committed({ type: "delete", key, version: step.version });
    }
  }

  #growth(step: Step, { history, now }: CommitTerms): number {
    const key = step.type === "put" ? step.record.header.key : step.key;
    const added = step.type === "put" ? footprint(step.record) : 0;
    if (history !== false && this.#toKeep(step, now) !== undefined) return added - this.kept.room(key, history);
    const standing = this.#records.get(key);
    return standing === undefined ? added : added - footprint(standing);
  }

  /**
   * The record that a write at `now` makes a previous version: not one that has expired, nor one that is swept for that, nor a
   * plain one that is encrypted by it.
   */
  #toKeep(step: Step, now: number): StoredRecord | undefined {
    const standing = this.#records.get(step.type === "put" ? step.record.header.key : step.key);
    if (standing === undefined || now === BEFORE_ALL_TIME || !isLive(standing.header, now)) return undefined;
    return step.type === "put" && conceals(step.record.header, standing.header) ? undefined : standing;
  }

  #dropPlain(key: string): void {
    const isOther = ({ record: { header } }: KeptVersion) => header.key !== key || header.encryption !== undefined;
    if (this.kept.list(key, BEFORE_ALL_TIME).every(isOther)) return;
    this.dropKept(key, isOther);
  }

  #committed(entry: { type: "save" | "delete"; key: string; version: Version }): void {
    if (this.#lastVersion === undefined || entry.version > this.#lastVersion) this.#lastVersion = entry.version;
    this.feed.add(entry);
    if (this.#watchers.size === 0) return;
    const cursor = this.feed.cursor(this.feed.last);
    // Later, so that neither a listener's error nor its own next write comes between this write and its answer.
    for (const watcher of this.#watchers) {
      queueMicrotask(() => {
        if (this.#watchers.has(watcher)) watcher.listener({ ...entry, cursor });
      });
    }
  }
}

/** A backing store for `memory({ store })`. */
export function createMemoryStore(): MemoryStore {
  return new MemoryStore();
}
