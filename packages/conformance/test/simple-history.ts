import {
  type AdapterContext,
  BEFORE_ALL_TIME,
  compareKeys,
  conceals,
  type History,
  isLive,
  type PreviousRecord,
  type RecordHeader,
  type StoredRecord,
  type Version,
} from "@holdfast/core";
import type { SimpleStore } from "./simple-store.js";

/** Which versions to keep, as the adapter was opened with. */
export interface Keeping {
  limits: AdapterContext["history"];
}

/** Keeps the record that stands under a key before something else does. */
export function keep(
  store: SimpleStore,
  { limits }: Keeping,
  key: string,
  now: number,
  next: RecordHeader | undefined,
): void {
  const record = store.records.get(key);
  if (next?.encryption !== undefined) {
    const encrypted = (store.previous.get(key) ?? []).filter((kept) => kept.record.header.encryption !== undefined);
    store.previous.set(key, encrypted);
  }
  if (record !== undefined && next !== undefined && conceals(next, record.header)) return;
  if (limits === undefined || limits === false || record === undefined) return;
  // Before all time nothing has expired; only a sweep of what has looks there.
  if (now === BEFORE_ALL_TIME || !isLive(record.header, now)) return;
  const kept = [{ record, replaced: now }, ...(store.previous.get(key) ?? [])];
  store.previous.set(key, kept.slice(0, limits.versions));
}

/** The kept version of that number that is alive at `now`. */
function findPrevious(store: SimpleStore, key: string, version: Version, now: number): StoredRecord | undefined {
  return store.previous
    .get(key)
    ?.map(({ record }) => record)
    .find(({ header }) => header.version === version && isLive(header, now));
}

/** The header of one version, standing or kept. */
export function headerOf(store: SimpleStore, key: string, version: Version, now: number): RecordHeader | undefined {
  const standing = store.records.get(key)?.header;
  if (standing?.version === version) return isLive(standing, now) ? standing : undefined;
  return findPrevious(store, key, version, now)?.header;
}

export function simpleHistory(store: SimpleStore, keeping: Keeping): History {
  const stands = (key: string, now: number) => {
    const header = store.records.get(key)?.header;
    return header !== undefined && isLive(header, now);
  };
  return {
    list: (key, { now }) =>
      structuredClone(store.previous.get(key) ?? [])
        .filter(({ record }) => isLive(record.header, now))
        .map(({ record, replaced }): PreviousRecord => ({ header: record.header, replaced })),
    get(key, version, { now }) {
      const standing = store.records.get(key);
      if (standing?.header.version !== version) return structuredClone(findPrevious(store, key, version, now));
      return isLive(standing.header, now) ? structuredClone(standing) : undefined;
    },
    scan({ after, limit }, { now }) {
      const headers = [...store.previous.values()]
        .flat()
        .map(({ record }) => record.header)
        .filter((header) => isLive(header, now))
        .sort((a, b) => compareKeys(a.key, b.key) || (a.version < b.version ? -1 : 1));
      const isBehind = ({ key, version }: RecordHeader) =>
        after === undefined || compareKeys(key, after.key) > 0 || (key === after.key && version > after.version);
      return structuredClone(headers.filter(isBehind).slice(0, limit));
    },
    drop(key, version) {
      const kept = store.previous.get(key) ?? [];
      store.previous.set(
        key,
        kept.filter(({ record }) => record.header.version !== version),
      );
    },
    sweep(prefix, { now }) {
      let dropped = 0;
      for (const [key, kept] of store.previous) {
        if (!key.startsWith(prefix)) continue;
        const left = kept.filter(({ record, replaced }) => {
          const { limits } = keeping;
          if (limits === false || !isLive(record.header, now)) return false;
          // Whoever did not say what to keep wipes out nothing.
          if (limits === undefined) return true;
          return limits.age === Number.POSITIVE_INFINITY ? stands(key, now) : now - replaced <= limits.age;
        });
        dropped += kept.length - left.length;
        if (left.length === 0) store.previous.delete(key);
        else store.previous.set(key, left);
      }
      return dropped;
    },
  };
}
