import type { BodyWriter, PutCondition, PutOutcome, WriteRecord } from "@holdfast/core";
import type { ItemBody } from "@holdfast/sqlite/item-table";
import { type BodyFiles, type GrowingFile, MOST_IN_TABLE, type StagedFile } from "./body-files.js";
import { breathing } from "./breath.js";

/** Where the body goes. */
interface Destination {
  putBody(
    record: Omit<WriteRecord, "body">,
    body: Exclude<ItemBody, { from: "staging" }>,
    staged: StagedFile | undefined,
    condition: PutCondition,
    signal: AbortSignal | undefined,
  ): Promise<PutOutcome>;
  discardUncommitted(key: string, staged: StagedFile): void;
}

/** Collects a body: in memory while the table can hold it, then in a file that no item points to. */
export class FileWriter implements BodyWriter {
  readonly #destination: Destination;
  readonly #bodies: BodyFiles;
  readonly #key: string;
  readonly #signal: AbortSignal | undefined;
  readonly #breathe = breathing();
  #pieces: Uint8Array[] = [];
  #held = 0;
  #file: GrowingFile | undefined;
  #staged: StagedFile | undefined;

  constructor(destination: Destination, bodies: BodyFiles, key: string, signal: AbortSignal | undefined) {
    this.#destination = destination;
    this.#bodies = bodies;
    this.#key = key;
    this.#signal = signal;
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#file === undefined && this.#held + piece.byteLength > MOST_IN_TABLE) {
      this.#file = this.#bodies.begin();
      for (const each of this.#pieces) this.#file.write(each);
      this.#pieces = [];
    }
    if (this.#file === undefined) {
      this.#pieces.push(piece);
      this.#held += piece.byteLength;
    } else this.#file.write(piece);
    await this.#breathe();
  }

  commit(record: Omit<WriteRecord, "body">, condition: PutCondition): Promise<PutOutcome> {
    if (this.#file === undefined) {
      const bytes = Buffer.concat(this.#pieces);
      const body = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return this.#destination.putBody(record, { from: "memory", bytes: body }, undefined, condition, this.#signal);
    }
    this.#staged ??= this.#file.end();
    return this.#destination.putBody(record, { from: "elsewhere" }, this.#staged, condition, this.#signal);
  }

  async abort(): Promise<void> {
    this.#pieces = [];
    if (this.#staged !== undefined) this.#destination.discardUncommitted(this.#key, this.#staged);
    else this.#file?.discard();
    this.#file = undefined;
  }
}
