import { createHash } from "node:crypto";
import {
  type AdapterWrite,
  type BatchOutcome,
  type BodyWriter,
  type Capabilities,
  CHUNK_BYTES,
  type ListRange,
  type PutOutcome,
  type RecordHeader,
  SPI_VERSION,
  type StorageAdapter,
  StorageError,
  type StoredStream,
  type Version,
  type WriteRecord,
} from "@holdfast/core";

const CAPABILITIES: Capabilities = {
  durability: "memory",
  compareAndSet: "process",
  batch: "atomic",
  query: "scan",
  watch: "none",
  changes: "none",
  history: "none",
  streams: "bounded",
  limits: { body: 2 ** 40, bufferedBody: 2 ** 28 },
};

/** Streamed bytes between two calls of `passed`. */
const LOOK_EVERY = 16 * CHUNK_BYTES;

/**
 * Items that are made when they are asked for: `count` of them, all with the same body of `size` bytes. `passed` is called now and then
 * while a body is streamed.
 */
export function simulatedSource(count: number, size: number, passed: () => void): StorageAdapter {
  return new Simulated(count, size, count, passed);
}

/** Takes what `simulatedSource` of the same size gives, keeps nothing of it, and gives the same back. */
export function simulatedSink(count: number, size: number): StorageAdapter {
  return new Simulated(count, size, 0, () => undefined);
}

class Simulated implements StorageAdapter {
  readonly name = "simulated";
  readonly spi = SPI_VERSION;
  readonly capabilities = CAPABILITIES;
  readonly #count: number;
  readonly #listed: number;
  readonly #size: number;
  readonly #passed: () => void;
  readonly #chunk: Uint8Array;
  readonly #chunkHashes: Uint8Array;
  readonly #checksum: string;

  constructor(count: number, size: number, listed: number, passed: () => void) {
    this.#passed = passed;
    this.#count = count;
    this.#listed = listed;
    this.#size = size;
    this.#chunk = new Uint8Array(Math.min(size, CHUNK_BYTES)).fill(7);
    const chunks = Math.ceil(size / CHUNK_BYTES);
    const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
    const hashes = Array.from({ length: chunks }, () => sha256(this.#chunk));
    this.#chunkHashes = size > CHUNK_BYTES ? new Uint8Array(Buffer.concat(hashes)) : new Uint8Array(0);
    this.#checksum = sha256(size > CHUNK_BYTES ? this.#chunkHashes : this.#chunk).toString("hex");
  }

  open() {
    return { lastVersion: undefined };
  }

  stat(key: string) {
    return this.#listed === 0 ? undefined : this.#header(indexOf(key));
  }

  get(key: string) {
    return { header: this.#header(indexOf(key)), body: new Uint8Array(this.#chunk) };
  }

  list({ after, limit }: ListRange) {
    const from = after === undefined ? 0 : indexOf(after) + 1;
    return Array.from({ length: Math.max(0, Math.min(limit, this.#listed - from)) }, (_, at) =>
      this.#header(from + at),
    );
  }

  put({ header }: WriteRecord): PutOutcome {
    return { outcome: "written", header };
  }

  batch(writes: readonly AdapterWrite[]): BatchOutcome {
    const results = writes.flatMap((write) =>
      write.type === "put" ? { outcome: "written" as const, header: write.record.header } : [],
    );
    return { outcome: "applied", results };
  }

  delete(): never {
    throw new StorageError("UNSUPPORTED", "nothing is deleted in a migration");
  }

  readStream(key: string): StoredStream {
    const [chunk, size, passed] = [this.#chunk, this.#size, this.#passed];
    async function* body() {
      for (let left = size; left > 0; left -= chunk.length) {
        yield new Uint8Array(chunk);
        if (left % LOOK_EVERY === 0) passed();
      }
    }
    return { header: this.#header(indexOf(key)), chunkHashes: this.#chunkHashes, body: body() };
  }

  writeStream(): BodyWriter {
    return {
      write: () => undefined,
      commit: ({ header }) => ({ outcome: "written", header }),
      abort: () => undefined,
    };
  }

  classify(): undefined {
    return undefined;
  }

  close(): void {
    // Nothing is held.
  }

  #header(index: number): RecordHeader {
    if (index >= this.#count) throw new StorageError("INTERNAL", `there is no item ${index}`);
    const digits = index.toString(16).padStart(12, "0");
    return {
      key: `k${String(index).padStart(9, "0")}`,
      version: `018c00000000-0000-${digits}` as Version,
      size: this.#size,
      storedSize: this.#size,
      format: "binary",
      compression: null,
      created: 1_700_000_000_000 + index,
      modified: 1_700_000_000_000 + index,
      expiration: null,
      tags: [],
      metadata: {},
      checksum: this.#checksum,
    };
  }
}

function indexOf(key: string): number {
  return Number(key.slice(1));
}
