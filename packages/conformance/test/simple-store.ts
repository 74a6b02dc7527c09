import type { AdapterChange, StoredRecord, Version } from "@holdfast/core";
import { createSimpleFeed, type SimpleFeed } from "./simple-feed.js";

/** What several simple adapters share. */
export interface SimpleStore {
  readonly records: Map<string, StoredRecord>;
  readonly tombstones: Map<string, Version>;
  readonly listeners: Set<{ tell: (change: AdapterChange) => void }>;
  /** Of each key, the newest first. */
  readonly previous: Map<string, Previous[]>;
  feed: SimpleFeed;
  lastVersion: Version | undefined;
}

export function createSimpleStore(): SimpleStore {
  return {
    records: new Map(),
    tombstones: new Map(),
    listeners: new Set(),
    previous: new Map(),
    feed: createSimpleFeed(),
    lastVersion: undefined,
  };
}

/** Leaves a store as a new one is. */
export function clearStore(store: SimpleStore): void {
  for (const each of [store.records, store.tombstones, store.previous]) each.clear();
  store.feed = createSimpleFeed();
  store.lastVersion = undefined;
}

/** A record that was replaced or deleted, and when. */
export interface Previous {
  readonly record: StoredRecord;
  readonly replaced: number;
}
