import {
  type AdapterChange,
  type AdapterWrite,
  type Capabilities,
  checkDelete,
  checkWrite,
  compareKeys,
  isLive,
  type RecordHeader,
  SPI_VERSION,
  type StorageAdapter,
  type StoredRecord,
} from "@holdfast/core";
import { enter, lastCursorOf, pageOf } from "./simple-feed.js";
import { type Keeping, keep, simpleHistory } from "./simple-history.js";
import type { SimpleStore } from "./simple-store.js";

const capabilities: Capabilities = {
  durability: "memory",
  compareAndSet: "process",
  batch: "atomic",
  query: "scan",
  watch: "process",
  changes: "native",
  history: "native",
  streams: "buffered",
  limits: { body: 2 ** 30, bufferedBody: 2 ** 30 },
};

/** The shortest adapter that keeps every promise: a second opinion beside `memory`, and what the saboteurs spoil. */
export function simpleAdapter(store: SimpleStore): StorageAdapter {
  const { records, tombstones, listeners } = store;
  const own = new Set<{ tell: (change: AdapterChange) => void }>();
  const keeping: Keeping = { limits: undefined };

  const standing = (key: string) => ({ stored: records.get(key)?.header, tombstone: tombstones.get(key) });

  const find = (key: string, now: number): StoredRecord | undefined => {
    const record = records.get(key);
    return record !== undefined && isLive(record.header, now) ? structuredClone(record) : undefined;
  };

  const refusalOf = (write: AdapterWrite, now: number) =>
    write.type === "put"
      ? checkWrite(standing(write.record.header.key), write.record.header.version, { expect: write.expect, now })
      : checkDelete(standing(write.key), { version: write.version, expect: write.expect, now });

  const apply = (write: AdapterWrite, now: number): RecordHeader => {
    const { key, version } = write.type === "put" ? write.record.header : write;
    const created = find(key, now)?.header.created;
    const type = write.type === "put" ? "save" : "delete";
    const header = {
      ...(write.type === "put" ? write.record.header : ({} as RecordHeader)),
      ...(created && { created }),
    };
    keep(store, keeping, key, now, write.type === "put" ? write.record.header : undefined);
    if (write.type === "put") {
      records.set(key, structuredClone({ header, body: write.record.body }));
      tombstones.delete(key);
    } else {
      records.delete(key);
      tombstones.set(key, version);
    }
    if (store.lastVersion === undefined || version > store.lastVersion) store.lastVersion = version;
    const entry = enter(store.feed, { type, key, version });
    for (const listener of listeners) queueMicrotask(() => listeners.has(listener) && listener.tell({ ...entry }));
    return structuredClone(header);
  };

  return {
    name: "simple",
    spi: SPI_VERSION,
    capabilities,
    open({ history }) {
      keeping.limits = history;
      return { lastVersion: store.lastVersion };
    },
    stat: (key, { now }) => find(key, now)?.header,
    get: (key, { now }) => find(key, now),
    put(record, { expect, now }) {
      const write = { type: "put", record, expect } as const;
      const refusal = checkWrite(standing(record.header.key), record.header.version, { expect, now });
      return refusal === undefined ? { outcome: "written", header: apply(write, now) } : structuredClone(refusal);
    },
    delete(key, condition) {
      const refusal = checkDelete(standing(key), condition);
      if (refusal !== undefined) return structuredClone(refusal);
      apply({ type: "delete", key, ...condition }, condition.now);
      return { outcome: "deleted" };
    },
    list({ prefix, after, limit }, { now }) {
      const living = [...records.values()].filter(({ header }) => header.key.startsWith(prefix) && isLive(header, now));
      const behind = living.filter(({ header }) => after === undefined || compareKeys(header.key, after) > 0);
      const sorted = behind.sort((a, b) => compareKeys(a.header.key, b.header.key));
      return structuredClone(sorted.slice(0, limit).map(({ header }) => header));
    },
    batch(writes, { now }) {
      for (const [index, write] of writes.entries()) {
        const reason = refusalOf(write, now);
        if (reason !== undefined && reason.outcome !== "absent")
          return { outcome: "refused", index, reason: structuredClone(reason) };
      }
      return {
        outcome: "applied",
        results: writes.map((write) => {
          const absent = refusalOf(write, now);
          if (absent?.outcome === "absent") return absent;
          const header = apply(write, now);
          return write.type === "put" ? { outcome: "written", header } : { outcome: "deleted" };
        }),
      };
    },
    watch(tell) {
      const listener = { tell };
      listeners.add(listener);
      own.add(listener);
      return () => void listeners.delete(listener);
    },
    rewrap(key, version, encryption) {
      const standing = records.get(key);
      const kept = (store.previous.get(key) ?? []).map(({ record }) => record);
      const found = [...(standing === undefined ? [] : [standing]), ...kept].find(
        ({ header }) => header.version === version,
      );
      if (found !== undefined) Object.assign(found.header, { encryption: structuredClone(encryption) });
      return found !== undefined;
    },
    changes: (range) => pageOf(store.feed, range),
    lastCursor: () => lastCursorOf(store.feed),
    history: simpleHistory(store, keeping),
    classify: () => undefined,
    close() {
      for (const listener of own) listeners.delete(listener);
    },
  };
}
