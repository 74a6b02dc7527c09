import { type History, type RecordHeader, StorageError } from "@holdfast/core";
import { type StoredItem, streamFromMemory, sweepHistory } from "@holdfast/sqlite/item-table";
import type { FileStore } from "./file-store.js";

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
    scan(range, { now, signal }) {
      const store = opened();
      return store.read(() => store.table.history.scan(range, now), signal);
    },
    async drop(key, version, { signal }) {
      const store = opened();
      await store.group.submit(() => store.table.history.drop(key, version), { signal });
      await store.dropSurplus();
    },
    async sweep(prefix, { now, signal }) {
      const store = opened();
      const dropped = await sweepHistory(store, prefix, now, signal);
      await store.dropSurplus();
      return dropped;
    },
  };
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
