import {
  type BodyWriter,
  CHUNK_BYTES,
  type PutCondition,
  type PutOutcome,
  type RecordHeader,
  StorageError,
  type StoredStream,
  type WriteRecord,
} from "@holdfast/core";
import type { Attempt } from "./group-jobs.js";
import { headerOf, INLINE_LIMIT, type ItemRow } from "./layout.js";
import { hold, whenFree } from "./locks.js";
import { bodyOf, chunksOf } from "./reads.js";
import { answered, commit, is } from "./requests.js";
import type { Store } from "./store.js";
import { toStored } from "./stored-key.js";
import type { Place } from "./workspace.js";

/** Finds a living row in a transaction on `records` and `history`. */
export type FindRow = (transaction: IDBTransaction) => Promise<ItemRow | undefined>;

interface Chunked {
  readonly header: RecordHeader;
  readonly hashes: Uint8Array;
  readonly chunks: NonNullable<ItemRow["c"]>;
}

/** Bodies that are written, read and freed piece by piece. */
export class Bodies {
  readonly #store: Store;
  readonly #name: string;
  readonly #streams = new Set<BodyStream>();
  #freeing: Promise<void> | undefined;
  #again = false;

  constructor(store: Store, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** A body for an item under one of these stored keys, which stay when there is no room for it. */
  write(keys: readonly string[], signal: AbortSignal | undefined): BodyWriter {
    return this.#writer(keys, signal);
  }

  /** A body that is in memory already, but for which the transaction of its record has no room. */
  async stage(bytes: Uint8Array, keys: readonly string[], signal: AbortSignal | undefined): Promise<Place> {
    const writer = this.#writer(keys, signal);
    try {
      await writer.write(bytes);
      return await writer.place();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  #writer(keys: readonly string[], signal: AbortSignal | undefined): ChunkWriter {
    return new ChunkWriter(this.#store, (body) => hold(this.#lockOf(body)), keys, signal);
  }

  /** A body of what `find` finds, which is asked again once the body is held. */
  async read(find: FindRow): Promise<StoredStream | undefined> {
    for (;;) {
      const found = await this.#find(find);
      if (found === undefined || "body" in found) return found;
      const [body, count] = found.chunks;
      const release = await hold(this.#lockOf(body));
      // It may have been freed until the lock was there; what still has it keeps it now.
      const standing = await this.#find(find);
      if (standing !== undefined && "chunks" in standing && standing.chunks[0] === body) {
        const stream = new BodyStream(this.#store, body, count, () => {
          release();
          this.#streams.delete(stream);
          void this.#store.free();
        });
        this.#streams.add(stream);
        return { header: standing.header, chunkHashes: standing.hashes, body: stream };
      }
      release();
    }
  }

  /** Frees what no record points to and nobody uses. */
  free(): Promise<void> {
    this.#again = true;
    this.#freeing ??= this.#freeAll();
    return this.#freeing;
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) {
      stream.cut(new StorageError("CLOSED", "the storage was closed while a body was being read from it"));
    }
    await this.#freeing?.catch(() => undefined);
  }

  async #find(find: FindRow): Promise<StoredStream | Chunked | undefined> {
    const transaction = await this.#store.connection.begin(["records", "history", "chunks"], "readonly");
    const row = await find(transaction);
    if (row === undefined) return undefined;
    const header = headerOf(row);
    const { c, x: hashes = new Uint8Array(0) } = row;
    if (c !== undefined && c[1] > 1) return { header, hashes, chunks: c };
    return { header, chunkHashes: hashes, body: only(await bodyOf(row, transaction)) };
  }

  async #freeAll(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        const transaction = await this.#store.connection.begin(["unowned"], "readonly");
        const bodies = (await answered(transaction.objectStore("unowned").getAllKeys())) as string[];
        for (const body of bodies) await whenFree(this.#lockOf(body), () => this.#freeOne(body));
      }
    } finally {
      // In the same turn as the last look: what comes next starts anew.
      this.#freeing = undefined;
    }
  }

  async #freeOne(body: string): Promise<void> {
    const transaction = await this.#store.connection.begin(["unowned", "chunks"], "readwrite");
    await commit(transaction, async () => {
      const unowned = transaction.objectStore("unowned");
      // Until the lock was there, its writer may have given it to a record.
      if ((await answered(unowned.getKey(body))) === undefined) return;
      transaction.objectStore("chunks").delete(chunksOf(body));
      unowned.delete(body);
    });
    this.#store.writer.group.freed();
  }

  #lockOf(body: string): string {
    return `holdfast:${this.#name}:${body}`;
  }
}

/** Collects a body in `chunks`, out of readers' sight. */
class ChunkWriter implements BodyWriter {
  readonly #store: Store;
  readonly #hold: (body: string) => Promise<() => void>;
  readonly #keys: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #body: string;
  #release: (() => void) | undefined;
  #pending: Uint8Array[] = [];
  #bytes = 0;
  #count = 0;

  constructor(
    store: Store,
    holdBody: (body: string) => Promise<() => void>,
    keys: readonly string[],
    signal: AbortSignal | undefined,
  ) {
    this.#store = store;
    this.#hold = holdBody;
    this.#keys = keys;
    this.#signal = signal;
    this.#body = store.writer.newBody();
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let start = 0; start < chunk.byteLength; ) {
      const part = chunk.subarray(start, start + CHUNK_BYTES - this.#bytes);
      this.#pending.push(part);
      this.#bytes += part.byteLength;
      start += part.byteLength;
      if (this.#bytes === CHUNK_BYTES) await this.#flush();
    }
  }

  async commit(record: Omit<WriteRecord, "body">, condition: PutCondition): Promise<PutOutcome> {
    const keys = [toStored(record.header.key)];
    const bodiless = this.#store.writer.bodiless(record);
    return this.#store.writer.order.turn(keys, this.place(), async (place) => {
      const outcome = await this.#store.writer.group.submit(
        (workspace) => {
          const put = workspace.put(bodiless, place.body, condition);
          if (put.outcome === "written") place.bind(workspace);
          return put;
        },
        { keys, signal: this.#signal, bytes: place.bytes, drops: record.header.encryption !== undefined },
      );
      if (outcome.outcome === "written") await place.end(true);
      return outcome;
    });
  }

  /** Stores what is left. Nothing may be written behind it. */
  async place(): Promise<Place> {
    if (this.#count === 0 && this.#bytes <= INLINE_LIMIT) {
      const body = { inline: joined(this.#pending, this.#bytes) };
      return { body, bytes: this.#bytes, bind: () => undefined, end: () => undefined };
    }
    if (this.#bytes > 0) await this.#flush();
    return {
      body: { body: this.#body, count: this.#count },
      bytes: 0,
      bind: (workspace) => workspace.also((transaction) => transaction.objectStore("unowned").delete(this.#body)),
      end: async (written) => (written ? this.#release?.() : this.abort()),
    };
  }

  async abort(): Promise<void> {
    this.#pending = [];
    this.#release?.();
    if (this.#count > 0) await this.#store.free();
  }

  async #flush(): Promise<void> {
    this.#signal?.throwIfAborted();
    // Before its name stands among the unowned, so that nobody frees it.
    this.#release ??= await this.#hold(this.#body);
    const chunk = joined(this.#pending, this.#bytes);
    const attempt: Attempt = { keys: this.#keys, bytes: CHUNK_BYTES };
    for (let stored = false; !stored; ) {
      try {
        await this.#put(chunk);
        stored = true;
      } catch (error) {
        if (!is(error, "QuotaExceededError") || !(await this.#makeRoom(attempt))) throw error;
      }
    }
    this.#count++;
    this.#pending = [];
    this.#bytes = 0;
  }

  async #makeRoom(attempt: Attempt): Promise<boolean> {
    try {
      // Most stores are never full.
      return await (await import("./full-store.js")).makeRoom(this.#store.writer.group, attempt);
    } catch {
      // There is no room to make room either: what the caller has to know is that his write found none.
      return false;
    }
  }

  async #put(chunk: Uint8Array): Promise<void> {
    const transaction = await this.#store.connection.begin(["unowned", "chunks"], "readwrite");
    await commit(transaction, async () => {
      if (this.#count === 0) transaction.objectStore("unowned").put(true, this.#body);
      transaction.objectStore("chunks").put(chunk, [this.#body, this.#count]);
    });
  }
}

/** Reads a body piece by piece; its lock keeps it there. */
class BodyStream implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #store: Store;
  readonly #body: string;
  readonly #count: number;
  #letGo: (() => void) | undefined;
  #next = 0;
  #failure: unknown;

  constructor(store: Store, body: string, count: number, letGo: () => void) {
    this.#store = store;
    this.#body = body;
    this.#count = count;
    this.#letGo = letGo;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#letGo === undefined || this.#next === this.#count) return this.return();
    try {
      const value = await this.#read(this.#next++);
      if (this.#failure === undefined) return { done: false, value };
    } catch (error) {
      // Nobody returns a stream that has failed: what it holds is given back here.
      this.cut(error);
    }
    throw this.#failure;
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  /** Whoever reads on is told why there is no more. */
  cut(failure: unknown): void {
    this.#failure ??= failure;
    this.#end();
  }

  async #read(piece: number): Promise<Uint8Array> {
    const transaction = await this.#store.connection.begin(["chunks"], "readonly");
    const chunks = transaction.objectStore("chunks");
    const value: Uint8Array | undefined = await answered(chunks.get([this.#body, piece]));
    if (value !== undefined) return value;
    throw new StorageError("CORRUPT", "a piece of the body is missing: restore it from a backup, or delete it");
  }

  #end(): void {
    const letGo = this.#letGo;
    this.#letGo = undefined;
    letGo?.();
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.byteLength;
  }
  return whole;
}
