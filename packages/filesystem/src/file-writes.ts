import {
  type AdapterWrite,
  type BatchOutcome,
  BEFORE_ALL_TIME,
  type BodyWriter,
  type DeleteCondition,
  type DeleteOutcome,
  type EncryptionHeader,
  type PutCondition,
  type PutOutcome,
  type RecordHeader,
  StorageError,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import type { GroupCommit, ItemBody, ItemTable } from "@holdfast/sqlite/item-table";
import type { BackPressure } from "./back-pressure.js";
import { type BodyFiles, MOST_IN_TABLE, type StagedFile } from "./body-files.js";
import type { Copies } from "./table/copies.js";
import type { FileTable } from "./table/file-table.js";
import { FileWriter } from "./write-stream.js";

export interface FileWriteParts {
  readonly group: GroupCommit;
  readonly table: ItemTable;
  readonly files: FileTable;
  readonly copies: Copies;
  readonly bodies: BodyFiles;
  readonly pressure: BackPressure;
  /** Called with each write. */
  readonly saving: () => void;
}

/** Commits saves and deletions, each with the mark that gives the mirror its work. */
export class FileWrites {
  readonly #parts: FileWriteParts;
  #ended: StorageError | undefined;

  constructor(parts: FileWriteParts) {
    this.#parts = parts;
  }

  /** From now on every write is refused. */
  end(reason: StorageError): void {
    this.#ended = reason;
  }

  /** Throws once writing has ended. */
  require(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  async put(record: WriteRecord, condition: PutCondition, signal: AbortSignal | undefined): Promise<PutOutcome> {
    const { body: bytes, ...bodiless } = record;
    if (bytes.byteLength <= MOST_IN_TABLE) {
      return this.putBody(bodiless, { from: "memory", bytes }, undefined, condition, signal);
    }
    this.require();
    const staged = this.#parts.bodies.stage(bytes);
    try {
      return await this.putBody(bodiless, { from: "elsewhere" }, staged, condition, signal);
    } finally {
      this.discardUncommitted(record.header.key, staged);
    }
  }

  /** Commits a record whose body is in memory, or in a file that is on the medium. */
  putBody(
    record: Omit<WriteRecord, "body">,
    body: Exclude<ItemBody, { from: "staging" }>,
    staged: StagedFile | undefined,
    condition: PutCondition,
    signal: AbortSignal | undefined,
  ): Promise<PutOutcome> {
    const put = () => {
      this.#requireBody(staged);
      const outcome = this.#parts.table.put(record, body, condition);
      if (outcome.outcome === "written") this.#written(record.header, staged);
      return outcome;
    };
    return this.#submit(put, body.from === "memory" ? body.bytes.byteLength : 0, signal);
  }

  delete(key: string, condition: DeleteCondition, signal: AbortSignal | undefined): Promise<DeleteOutcome> {
    const remove = () => {
      const outcome = this.#parts.table.delete(key, condition);
      if (outcome.outcome === "deleted") this.#parts.files.mark(key);
      return outcome;
    };
    return this.#submit(remove, 0, signal);
  }

  /** A standing version's companion is written anew; its data file stays. */
  rewrap(
    key: string,
    version: Version,
    encryption: EncryptionHeader,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { table, files } = this.#parts;
    const rewrap = () => {
      const done = table.rewrap(key, version, encryption);
      if (done && table.stat(key, BEFORE_ALL_TIME)?.version === version) files.mark(key);
      return done;
    };
    return this.#submit(rewrap, 0, signal);
  }

  async batch(writes: readonly AdapterWrite[], now: number, signal: AbortSignal | undefined): Promise<BatchOutcome> {
    this.require();
    const staged = new Map<string, StagedFile>();
    try {
      for (const write of writes) {
        if (write.type !== "put" || write.record.body.byteLength <= MOST_IN_TABLE) continue;
        staged.set(write.record.header.key, this.#parts.bodies.stage(write.record.body));
      }
      const bytes = writes.reduce((sum, write) => sum + (write.type === "put" ? write.record.body.byteLength : 0), 0);
      return await this.#submit(() => this.#batch(writes, now, staged), bytes, signal, writes.length);
    } finally {
      for (const [key, file] of staged) this.discardUncommitted(key, file);
    }
  }

  writer(key: string, signal: AbortSignal | undefined): BodyWriter {
    this.require();
    return new FileWriter(this, this.#parts.bodies, key, signal);
  }

  /**
   * Removes the file of a body unless some version has it. A commit that failed may have succeeded nevertheless: only the table
   * knows, and where it cannot be asked the file stays.
   */
  discardUncommitted(key: string, staged: StagedFile): void {
    const { copies, bodies } = this.#parts;
    try {
      if (copies.of(key).some(({ place }) => place === staged.place)) return;
    } catch {
      return;
    }
    bodies.discard(staged);
  }

  #submit<T>(work: () => T, bytes: number, signal: AbortSignal | undefined, items = 1): Promise<T> {
    const submit = () => {
      this.require();
      this.#parts.saving();
      return this.#parts.group.submit(work, { signal, bytes });
    };
    return this.#parts.pressure.admit(items, async () => submit(), signal);
  }

  #batch(writes: readonly AdapterWrite[], now: number, staged: ReadonlyMap<string, StagedFile>): BatchOutcome {
    for (const file of staged.values()) this.#requireBody(file);
    const outcome = this.#parts.table.batch(writes, now, ({ header, body }) =>
      staged.has(header.key) ? { from: "elsewhere" } : { from: "memory", bytes: body },
    );
    if (outcome.outcome !== "applied") return outcome;
    writes.forEach((write, index) => {
      if (write.type === "put") this.#written(write.record.header, staged.get(write.record.header.key));
      else if (outcome.results[index]?.outcome === "deleted") this.#parts.files.mark(write.key);
    });
    return outcome;
  }

  /** In the transaction, as whoever drops what seems left behind does: then no row tells of a body that is gone. */
  #requireBody(staged: StagedFile | undefined): void {
    if (staged === undefined || this.#parts.bodies.has(staged)) return;
    throw new StorageError(
      "UNAVAILABLE",
      "the file of this body was removed as left behind, since nothing had come for more than an hour: save it again",
      { retryable: false },
    );
  }

  #written({ key, version }: RecordHeader, staged: StagedFile | undefined): void {
    if (staged !== undefined) this.#parts.copies.put({ key, version, ...staged });
    this.#parts.files.mark(key);
  }
}
