import {
  type AdapterContext,
  type AdapterWrite,
  type Awaitable,
  type BatchOutcome,
  CHUNK_BYTES,
  type PutCondition,
  type PutOutcome,
  StorageError,
  type StoredRecord,
  type StoredStream,
  type WriteRecord,
} from "@holdfast/core";
import type { Connection } from "./driver.js";
import { FeedWatcher } from "./feed-watcher.js";
import type { GroupCommit } from "./group-commit.js";
import { ItemSearch } from "./item-table/item-search.js";
import { ItemTable } from "./item-table/item-table.js";
import { SQLITE_APPLICATION_ID } from "./item-table/schema.js";
import { inSnapshot } from "./item-table/snapshot.js";
import { StoredBodies, type StoredItem } from "./item-table/stored-bodies.js";
import { retryWhileLocked } from "./lock-retry.js";
import { type OpenDatabase, openDatabase, openReader } from "./open-database.js";
import type { CompleteOptions } from "./options.js";
import { ChunkStream, streamFromMemory } from "./read-stream.js";
import { StoreConnection } from "./store-connection.js";
import { ChunkWriter } from "./write-stream.js";

/** Larger bodies are written in several transactions, so that none holds the thread for long. */
const MOST_AT_ONCE = 16 * 2 ** 20;
/** Chunks of discarded bodies that one transaction frees. */
const RECLAIM_STEP = 16;
/** Milliseconds for which closing goes on with it. */
const MOST_RECLAIMING = 5_000;

/** Looks for an item or a previous version, on any connection. */
export type Find = (bodies: StoredBodies) => StoredItem | undefined;

/** One open database with everything that works on it. */
export class OpenStore {
  readonly connection: Connection;
  readonly table: ItemTable;
  readonly search: ItemSearch;
  readonly group: GroupCommit;
  readonly watcher: FeedWatcher;
  readonly context: AdapterContext;
  readonly #options: CompleteOptions;
  readonly #connected: StoreConnection;
  readonly #identity: OpenDatabase["identity"];
  readonly #bodies: StoredBodies;
  readonly #streams = new Set<ChunkStream>();
  #closing = false;
  #reclaiming = false;

  static async open(options: CompleteOptions, context: AdapterContext): Promise<OpenStore> {
    const { ports, tokenizerVersion: version, termsOf } = context;
    const applicationId = SQLITE_APPLICATION_ID;
    const database = await openDatabase({ ...options, ports, applicationId, tokenizer: { version, termsOf } });
    try {
      return new OpenStore(options, context, database);
    } catch (error) {
      database.connection.close();
      throw error;
    }
  }

  private constructor(options: CompleteOptions, context: AdapterContext, database: OpenDatabase) {
    const { connection, identity } = database;
    this.connection = connection;
    this.context = context;
    this.#options = options;
    this.#identity = identity;
    this.table = new ItemTable(connection, context.history);
    this.search = new ItemSearch(connection, () => this.#connected.catchUp());
    this.#bodies = new StoredBodies(connection);
    this.watcher = new FeedWatcher(connection, this.table.feed, context.ports.timers);
    this.#connected = new StoreConnection({
      database,
      table: this.table,
      context,
      lockTimeout: options.lockTimeout,
      committed: () => this.#committed(),
      failed: (error) => this.#fail(error),
    });
    this.group = this.#connected.group;
    this.#reclaim();
  }

  /** Runs what needs no group, mostly reads, at once, or again on timers when it meets a lock. */
  read<T>(work: () => T, signal: AbortSignal | undefined): Awaitable<T> {
    return this.#connected.read(work, signal);
  }

  get(key: string, now: number): StoredRecord | undefined {
    return this.getWith((bodies) => bodies.find(key, now));
  }

  /** Header and whole body of what `find` finds. */
  getWith(find: Find): StoredRecord | undefined {
    const item = find(this.#bodies);
    if (item === undefined) return undefined;
    if (item.body.in === "memory") return { header: item.header, body: item.body.bytes };
    // Chunks are read one by one, and from the same state of the database as the header.
    return inSnapshot(this.connection, () => {
      const found = find(this.#bodies);
      if (found === undefined) return undefined;
      const { header, body } = found;
      if (body.in === "chunks") return { header, body: this.#bodies.assemble(header.key, body.id, body.count) };
      return { header, body: bytesOf(found) };
    });
  }

  async put(record: WriteRecord, condition: PutCondition, signal: AbortSignal | undefined): Promise<PutOutcome> {
    const { body: bytes, ...bodiless } = record;
    if (bytes.byteLength <= MOST_AT_ONCE) {
      const put = () => this.table.put(bodiless, { from: "memory", bytes }, condition);
      return this.group.submit(put, { signal, bytes: bytes.byteLength });
    }
    const writer = this.writer(signal);
    let outcome: PutOutcome | undefined;
    try {
      await writer.write(bytes);
      outcome = await writer.commit(bodiless, condition);
    } finally {
      if (outcome?.outcome !== "written") await writer.abort();
    }
    return outcome;
  }

  batch(writes: readonly AdapterWrite[], now: number, signal: AbortSignal | undefined): Promise<BatchOutcome> {
    const bytes = writes.reduce((sum, write) => sum + (write.type === "put" ? write.record.body.byteLength : 0), 0);
    return this.group.submit(() => this.table.batch(writes, now), { signal, bytes });
  }

  writer(signal: AbortSignal | undefined): ChunkWriter {
    const { clock, random } = this.context.ports;
    return new ChunkWriter({ table: this.table, group: this.group, clock, random }, signal);
  }

  async readStream(find: Find, signal: AbortSignal | undefined): Promise<StoredStream | undefined> {
    const found = await this.read(() => find(this.#bodies), signal);
    if (found?.body.in !== "chunks") return found && inMemory(found);
    // The path must lead to the same database for a second connection to see what this one sees.
    this.#identity.verify();
    const { ports } = this.context;
    const { lockTimeout } = this.#options;
    return retryWhileLocked(() => this.#beginStream(find), { ports, lockTimeout, signal });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.watcher.stop();
    await this.group.drained();
    for (const stream of this.#streams) stream.cut(closedError());
    await this.#reclaimRest();
    this.#connected.close();
  }

  async #beginStream(find: Find): Promise<StoredStream | undefined> {
    const connection = await openReader(this.#options.driver, this.#options.path);
    let stream: ChunkStream;
    try {
      stream = new ChunkStream(connection, (closed) => this.#streams.delete(closed));
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#streams.add(stream);
    try {
      if (this.#closing) throw closedError();
      // Nothing has pinned the state that the first look saw, so this one decides.
      const item = stream.beginWith(find);
      if (item?.body.in === "chunks") return { header: item.header, chunkHashes: item.hashes, body: stream };
      stream.close();
      return item && inMemory(item);
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  #committed(): void {
    this.watcher.committed();
    this.#reclaim();
  }

  /** Frees discarded bodies step by step. What is left when the process ends is found at the next open. */
  #reclaim(): void {
    if (this.#closing || this.#reclaiming || !this.table.bodies.hasDiscarded) return;
    this.#reclaiming = true;
    this.#reclaimStep().then(
      () => {
        this.#reclaiming = false;
        this.#reclaim();
      },
      () => {
        this.#reclaiming = false;
        // The next commit comes to it again, whatever a step that was rolled back has seen.
        this.table.bodies.hasDiscarded = true;
      },
    );
  }

  /** What was deleted shortly before is to be gone from the file, but closing has to end. */
  async #reclaimRest(): Promise<void> {
    const ending = new AbortController();
    const cancel = this.context.ports.timers.schedule(() => ending.abort(), MOST_RECLAIMING, "background");
    try {
      while (this.table.bodies.hasDiscarded && !ending.signal.aborted) await this.#reclaimStep(ending.signal);
    } catch {
      // No time, no room, a lock, a lost connection: found at the next open, as after a crash.
    } finally {
      cancel();
    }
  }

  #reclaimStep(signal?: AbortSignal): Promise<void> {
    const bytes = RECLAIM_STEP * CHUNK_BYTES;
    return this.group.submit(() => this.table.bodies.reclaim(RECLAIM_STEP), { bytes, signal });
  }

  #fail(error: StorageError): void {
    this.watcher.stop();
    for (const stream of this.#streams) stream.cut(error);
  }
}

function closedError(): StorageError {
  return new StorageError("CLOSED", "the storage was closed while a body was being read from it");
}

function inMemory(item: StoredItem): StoredStream {
  return streamFromMemory(item.header, item.hashes, bytesOf(item));
}

/** In a store of this adapter every body that has no chunks is in its row. */
function bytesOf({ header: { key }, body }: StoredItem): Uint8Array {
  if (body.in === "memory") return body.bytes;
  throw new StorageError(
    "CORRUPT",
    `the body of ${JSON.stringify(key)} is missing; restore it from a backup, or delete it`,
    {
      key,
    },
  );
}
