import { type AdapterContext, type History, type HistoryLimits, type RecordHeader, StorageError } from "@holdfast/core";
import { type StoredItem, type SweepStep, streamFromMemory } from "@holdfast/sqlite/item-table";
import type { FileStore } from "./file-store.js";

const DAY = 24 * 60 * 60 * 1000;

/** What is kept where the storage's user did not say. */
export const DEFAULT_HISTORY: HistoryLimits = { versions: 3, age: 7 * DAY };

export function historyLimits({ history }: AdapterContext): HistoryLimits | false {
  return history ?? DEFAULT_HISTORY;
}

/** The previous versions of a store that is open when they are asked for. */
export function historyOf(opened: () => FileStore): History {
  return {
    list(key, { now, signal }) {
      const store = opened();
      return store.read(() => store.table.history.list(key, now), signal);
    },
    async get(key, version, { now, signal }) {
      const store = opened();
      const item = await store.read(() => store.stored.findVersion(key, version, now), signal);
      if (item === undefined) return undefined;
      const { header, body } = item;
      return {
        header,
        body: body.in === "memory" ? body.bytes : await withBody(store, item, () => store.reader.read(header)),
      };
    },
    async readStream(key, version, { now, signal }) {
      const store = opened();
      const item = await store.read(() => store.stored.findVersion(key, version, now), signal);
      if (item === undefined) return undefined;
      const { header, hashes, body } = item;
      if (body.in === "memory") return streamFromMemory(header, hashes, body.bytes);
      return { header, chunkHashes: hashes, body: withBody(store, item, () => store.reader.stream(header)) };
    },
    async sweep(prefix, { now, signal }) {
      return sweepHistory(opened(), prefix, now, signal);
    },
  };
}

/** Drops what is due, step by step, so that other writes have their turns in between. */
export async function sweepHistory(
  store: FileStore,
  prefix: string,
  now: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { group, table } = store;
  let total = 0;
  for (let step: SweepStep | undefined; step === undefined || step.next !== undefined; ) {
    signal?.throwIfAborted();
    const place = step?.next;
    step = await group.submit(() => table.history.sweep(prefix, place, now), { signal });
    total += step.dropped;
  }
  if (total > 0) await store.dropSurplus();
  return total;
}

/** A large version that was edited in place before it was replaced has no copy. */
function withBody<T>(store: FileStore, { header }: StoredItem, read: () => T): T {
  if (store.reader.has(header)) return read();
  throw lost(header);
}

function lost({ key, version }: RecordHeader): StorageError {
  return new StorageError(
    "CORRUPT",
    `version ${version} had its body in the file alone, and the file was changed or removed: it is lost`,
    { key },
  );
}
