import { CHUNK_BYTES, type RecordHeader, StorageError } from "@holdfast/core";
import type { BodyFiles } from "./body-files.js";
import { breathing } from "./breath.js";
import { type Fingerprint, looksLike } from "./fingerprint.js";
import { openIfThere } from "./look.js";
import type { VersionFiles } from "./mirror/version-files.js";
import type { FileSystemPort } from "./port/file-system-port.js";
import { readFully } from "./port/whole-files.js";
import { atPath } from "./root-directory.js";
import type { Copies } from "./table/copies.js";
import { type FileTable, type Intent, readIntents, standingOf } from "./table/file-table.js";

export interface BodyReaderParts {
  readonly port: FileSystemPort;
  readonly root: string;
  readonly files: FileTable;
  readonly copies: Copies;
  readonly bodies: BodyFiles;
  readonly versions: VersionFiles;
}

/** Tries to find a file that the mirror may be moving just now. */
const TRIES = 5;

/** Reads bodies that are in files, of items and of previous versions. */
export class BodyReader {
  readonly #parts: BodyReaderParts;
  readonly #streams = new Set<FileStream>();

  constructor(parts: BodyReaderParts) {
    this.#parts = parts;
  }

  /** Opens now, so that later saves do not end it. */
  stream(header: RecordHeader): FileStream {
    const { port } = this.#parts;
    const stream = new FileStream(port, this.#open(header), (closed) => this.#streams.delete(closed));
    this.#streams.add(stream);
    return stream;
  }

  /** A whole body. */
  async read(header: RecordHeader): Promise<Uint8Array> {
    const { port } = this.#parts;
    const descriptor = this.#open(header);
    try {
      const bytes = new Uint8Array(header.storedSize);
      const breathe = breathing();
      for (let position = 0; position < bytes.byteLength; await breathe()) {
        const length = readFully(port, descriptor, bytes.subarray(position, position + CHUNK_BYTES), position);
        if (length === 0) return bytes.subarray(0, position);
        position += length;
      }
      return bytes;
    } finally {
      port.close(descriptor);
    }
  }

  /** Whether a version's body is in some file. */
  has(header: RecordHeader): boolean {
    const descriptor = this.#find(header);
    if (typeof descriptor !== "number") return false;
    this.#parts.port.close(descriptor);
    return true;
  }

  /** Ends every stream that is still read. */
  closeAll(): void {
    const reason = new StorageError("CLOSED", "the storage was closed while a body was being read from it");
    for (const stream of this.#streams) stream.cut(reason);
  }

  #open(header: RecordHeader): number {
    const { key, version } = header;
    let found = this.#find(header);
    for (let attempt = 1; typeof found !== "number" && attempt < TRIES; attempt++) found = this.#find(header);
    if (typeof found === "number") return found;
    if (found === "changed") {
      throw new StorageError("UNAVAILABLE", "the file of this item is being changed by somebody; try again", { key });
    }
    throw new StorageError(
      "CORRUPT",
      `the file with the body of version ${version} is missing; restore it from a backup, or delete it`,
      { key },
    );
  }

  /** A descriptor. `changed`: the file is there, and is no longer as it was recorded. */
  #find({ key, version, storedSize }: RecordHeader): number | "changed" | undefined {
    const { port, files, copies, bodies } = this.#parts;
    const row = files.find(key);
    const copy = copies.find(key, version);
    const descriptor = copy && openIfThere(port, bodies.locate(copy.place));
    if (descriptor !== undefined || row === undefined) return descriptor;
    const standing = standingOf(row);
    let found: number | "changed" | undefined;
    for (const pair of [...readIntents(row.intent), standing]) {
      if (pair?.version !== version) continue;
      const known = pair === standing ? [standing.stat, row.damaged] : [];
      found = this.#openPublished(pair, known, storedSize) ?? found;
      if (typeof found === "number") return found;
    }
    return found;
  }

  /**
   * The file of a version that is in its place, or was. `known`: how it looked there, and how it looks damaged, of which its checksum
   * tells; nothing: that is not recorded yet.
   */
  #openPublished(pair: Intent, known: readonly (Fingerprint | null)[], size: number): number | "changed" | undefined {
    const { port, root } = this.#parts;
    const placed = atPath(port, root, pair.path, (file) => openIfThere(port, file));
    const stat = placed === undefined ? undefined : port.fstat(placed);
    if (stat !== undefined && known.some((look) => look !== null && looksLike(look, stat))) return placed;
    // A file is saved before it is replaced, and that is recorded later: what is not saved now was in its place when that was opened.
    const saved = this.#openSaved(pair, size);
    if (placed === undefined) return saved;
    if (saved === undefined && known.length === 0) return placed;
    port.close(placed);
    return saved ?? "changed";
  }

  /** The file of a previous version; undefined when none is there, or one that is still being copied. */
  #openSaved({ path, version }: Intent, size: number): number | undefined {
    const { port, versions } = this.#parts;
    const place = versions.find(path, version);
    const saved = place === undefined ? undefined : openIfThere(port, versions.locate(place));
    if (saved === undefined || port.fstat(saved).size === size) return saved;
    port.close(saved);
    return undefined;
  }
}

/** One reading of a file, chunk by chunk. */
export class FileStream implements AsyncIterableIterator<Uint8Array> {
  readonly #port: FileSystemPort;
  readonly #descriptor: number;
  readonly #closed: (stream: FileStream) => void;
  #position = 0;
  #open = true;
  #cut: StorageError | undefined;

  /** Takes the descriptor over. `closed` is called once. */
  constructor(port: FileSystemPort, descriptor: number, closed: (stream: FileStream) => void) {
    this.#port = port;
    this.#descriptor = descriptor;
    this.#closed = closed;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    // An end that comes too early must not look like the end of the body.
    if (this.#cut !== undefined) throw this.#cut;
    if (!this.#open) return this.return();
    const piece = new Uint8Array(CHUNK_BYTES);
    try {
      const length = readFully(this.#port, this.#descriptor, piece, this.#position);
      if (length === 0) return await this.return();
      this.#position += length;
      return { done: false, value: piece.subarray(0, length) };
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#close();
    return { done: true, value: undefined };
  }

  /** Ends a reading that is under way: who goes on with it is told why. */
  cut(reason: StorageError): void {
    if (this.#open) this.#cut = reason;
    this.#close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#port.close(this.#descriptor);
    this.#closed(this);
  }
}
