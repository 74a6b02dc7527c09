import {
  type AdapterWrite,
  type CallOptions,
  type DeleteCondition,
  type Expectation,
  type ReadOptions,
  type RecordHeader,
  type StorageAdapter,
  termsOf,
  type Version,
  type WriteRecord,
} from "@holdfast/core";

/** The instant at which bare adapters are asked. */
export const NOW = 1_700_000_000_000;
export const EXPIRED: number = NOW - 1;
export const call: CallOptions = { signal: undefined };
export const at = (now: number): ReadOptions => ({ now, signal: undefined });

/** The version of that number; greater numbers make greater versions. */
export function versionOf(number: number): Version {
  return `${(NOW + number).toString(16).padStart(12, "0")}-0000-00000000c0de` as Version;
}

/** A record as core would write it, for adapters that index and for those that do not. */
export function recordOf(
  adapter: StorageAdapter,
  key: string,
  version: Version,
  { body = new Uint8Array([1, 2, 3]), ...about }: Partial<RecordHeader> & { body?: Uint8Array } = {},
): WriteRecord {
  const header: RecordHeader = {
    key,
    version,
    size: body.length,
    storedSize: body.length,
    format: "binary",
    compression: null,
    created: NOW,
    modified: NOW,
    expiration: null,
    tags: [],
    metadata: {},
    // Core's business alone: an adapter gives back what it was given.
    checksum: `${version.slice(-4)}${key.length.toString(16)}`.padStart(64, "0"),
    ...about,
  };
  const chunks = body.length > 2 ** 20 ? Math.ceil(body.length / 2 ** 20) : 0;
  return {
    header,
    body,
    terms: adapter.capabilities.query === "native" ? termsOf(header) : [],
    chunkHashes: Uint8Array.from({ length: chunks * 32 }, (_, index) => (index * 7 + chunks) % 256),
  };
}

/** Puts many new records: together where the adapter has batches, for each call may cross a network. */
export async function putAll(adapter: StorageAdapter, records: readonly WriteRecord[]): Promise<void> {
  for (let start = 0; start < records.length; start += 100) {
    const some = records.slice(start, start + 100);
    if (adapter.capabilities.batch === "none") {
      await Promise.all(some.map((record) => adapter.put(record, { expect: "absent", now: NOW }, call)));
    } else {
      const writes = some.map((record) => putInBatch(record, "absent"));
      await adapter.batch?.(writes, { now: NOW, ...call });
    }
  }
}

export function putInBatch(record: WriteRecord, expect: Expectation = "any"): AdapterWrite {
  return { type: "put", record, expect };
}

export function deleteInBatch(key: string, version: Version, expect: DeleteCondition["expect"] = "any"): AdapterWrite {
  return { type: "delete", key, version, expect };
}
