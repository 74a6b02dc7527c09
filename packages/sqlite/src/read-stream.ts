import type { RecordHeader, StorageError, StoredStream } from "@holdfast/core";
import type { Connection } from "./driver.js";
import { StoredBodies, type StoredItem } from "./item-table/stored-bodies.js";

/** A stream over a body that is in memory already. */
export function streamFromMemory(header: RecordHeader, chunkHashes: Uint8Array, bytes: Uint8Array): StoredStream {
  return {
    header,
    chunkHashes,
    body: {
      async *[Symbol.asyncIterator]() {
        if (bytes.byteLength > 0) yield bytes;
      },
    },
  };
}

/**
 * One reading of a chunked body. It has a connection of its own with a transaction open all the while, so that it reads the
 * version that it began with, whatever is written or deleted meanwhile.
 */
export class ChunkStream implements AsyncIterableIterator<Uint8Array> {
  readonly #connection: Connection;
  readonly #bodies: StoredBodies;
  readonly #closed: (stream: ChunkStream) => void;
  #open = true;
  #cut: StorageError | undefined;
  #place: { readonly key: string; readonly id: number; readonly count: number } | undefined;
  #next = 0;

  /** Takes the connection over. `closed` is called once. */
  constructor(connection: Connection, closed: (stream: ChunkStream) => void) {
    this.#connection = connection;
    this.#bodies = new StoredBodies(connection);
    this.#closed = closed;
    connection.exec("BEGIN");
  }

  /** Looks the item up; what it finds is what is read. */
  begin(key: string, now: number): StoredItem | undefined {
    return this.beginWith((bodies) => bodies.find(key, now));
  }

  /** As `begin`, with a look of the caller's own: for a previous version, say. */
  beginWith(find: (bodies: StoredBodies) => StoredItem | undefined): StoredItem | undefined {
    const item = find(this.#bodies);
    if (item?.body.in === "chunks") {
      this.#place = { key: item.header.key, id: item.body.id, count: item.body.count };
    }
    return item;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    // An end that comes too early must not look like the end of the body.
    if (this.#cut !== undefined) throw this.#cut;
    const place = this.#place;
    if (!this.#open || place === undefined || this.#next === place.count) return this.return();
    try {
      return { done: false, value: this.#bodies.chunk(place.key, place.id, this.#next++) };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** Ends a reading that is under way: who goes on with it is told why. */
  cut(reason: StorageError): void {
    if (this.#open) this.#cut = reason;
    this.close();
  }

  /** Lets go of the connection. What is read afterwards ends. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#connection.close();
    this.#closed(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
