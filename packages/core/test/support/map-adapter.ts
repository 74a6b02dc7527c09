import {
  type Absent,
  type AdapterChange,
  type AdapterContext,
  type AdapterWrite,
  type BatchOutcome,
  type Capabilities,
  checkDelete,
  checkWrite,
  compareKeys,
  type DeleteCondition,
  type Deleted,
  type DeleteOutcome,
  isLive,
  type PutCondition,
  type PutOutcome,
  type RecordHeader,
  SPI_VERSION,
  type Standing,
  type StorageAdapter,
  type StoredRecord,
  type Version,
  type WriteRecord,
  type Written,
} from "@holdfast/core";

/** The smallest complete adapter: records in a Map, bare of any cleverness, for tests of core alone. */
export class MapAdapter implements StorageAdapter {
  readonly name = "map";
  readonly spi = SPI_VERSION;
  readonly capabilities: Capabilities = {
    durability: "memory",
    compareAndSet: "process",
    batch: "atomic",
    query: "scan",
    watch: "process",
    changes: "none",
    history: "none",
    streams: "buffered",
    limits: { body: 2 ** 30, bufferedBody: 2 ** 30 },
  };

  readonly records: Map<string, StoredRecord> = new Map();
  readonly tombstones: Map<string, Version> = new Map();
  readonly calls: string[] = [];
  #listeners = new Set<(change: AdapterChange) => void>();
  #lastVersion: Version | undefined;

  open(_context: AdapterContext): { lastVersion: Version | undefined } {
    this.calls.push("open");
    return { lastVersion: this.#lastVersion };
  }

  async stat(key: string, { now }: { now: number }): Promise<RecordHeader | undefined> {
    this.calls.push(`stat ${key}`);
    return this.#living(key, now)?.header;
  }

  async get(key: string, { now }: { now: number }): Promise<StoredRecord | undefined> {
    this.calls.push(`get ${key}`);
    return this.#living(key, now);
  }

  async put(record: WriteRecord, condition: PutCondition): Promise<PutOutcome> {
    this.calls.push(`put ${record.header.key}`);
    return (
      checkWrite(this.#standing(record.header.key), record.header.version, condition) ??
      this.#write(record, condition.now)
    );
  }

  async delete(key: string, condition: DeleteCondition): Promise<DeleteOutcome> {
    this.calls.push(`delete ${key}`);
    return checkDelete(this.#standing(key), condition) ?? this.#remove(key, condition);
  }

  async list(
    range: { prefix: string; after: string | undefined; limit: number },
    { now }: { now: number },
  ): Promise<RecordHeader[]> {
    this.calls.push(`list ${range.prefix}`);
    const { prefix, after, limit } = range;
    return [...this.records.values()]
      .map(({ header }) => structuredClone(header))
      .filter((header) => header.key.startsWith(prefix) && isLive(header, now))
      .filter((header) => after === undefined || compareKeys(header.key, after) > 0)
      .sort((a, b) => compareKeys(a.key, b.key))
      .slice(0, limit);
  }

  async batch(writes: readonly AdapterWrite[], { now }: { now: number }): Promise<BatchOutcome> {
    this.calls.push(`batch ${writes.length}`);
    const absent = new Map<number, Absent>();
    for (const [index, write] of writes.entries()) {
      const reason =
        write.type === "put"
          ? checkWrite(this.#standing(write.record.header.key), write.record.header.version, {
              expect: write.expect,
              now,
            })
          : checkDelete(this.#standing(write.key), { version: write.version, expect: write.expect, now });
      if (reason?.outcome === "absent") absent.set(index, reason);
      else if (reason !== undefined) return { outcome: "refused", index, reason };
    }
    const results = writes.map((write, index): Written | Deleted | Absent => {
      if (write.type === "put") return this.#write(write.record, now);
      return absent.get(index) ?? this.#remove(write.key, { version: write.version, now });
    });
    return { outcome: "applied", results };
  }

  watch(listener: (change: AdapterChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  classify(): undefined {
    return undefined;
  }

  close(): void {
    this.calls.push("close");
  }

  /** Called within each write, when it is done; `replaced` is the living record that it replaced or removed. */
  protected committed(change: AdapterChange, _replaced: StoredRecord | undefined, _now: number): void {
    this.announce(change);
  }

  /** A change that no storage made. */
  announce(change: AdapterChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #standing(key: string): Standing {
    return { stored: this.records.get(key)?.header, tombstone: this.tombstones.get(key) };
  }

  #living(key: string, now: number): StoredRecord | undefined {
    const record = this.records.get(key);
    return record !== undefined && isLive(record.header, now) ? structuredClone(record) : undefined;
  }

  #write({ header, body }: WriteRecord, now: number): Written {
    const replaced = this.#living(header.key, now);
    const written = { ...header, created: replaced?.header.created ?? header.created };
    this.records.set(header.key, structuredClone({ header: written, body }));
    this.tombstones.delete(header.key);
    this.#saw(header.version);
    this.committed({ type: "save", key: header.key, version: header.version }, replaced, now);
    return { outcome: "written", header: structuredClone(written) };
  }

  #remove(key: string, { version, now }: { version: Version; now: number }): Deleted {
    const removed = this.#living(key, now);
    this.records.delete(key);
    this.tombstones.set(key, version);
    this.#saw(version);
    this.committed({ type: "delete", key, version }, removed, now);
    return { outcome: "deleted" };
  }

  #saw(version: Version): void {
    if (this.#lastVersion === undefined || version > this.#lastVersion) this.#lastVersion = version;
  }
}
