import type { BodyWriter, PutCondition, PutOutcome, WriteRecord } from "@holdfast/core";
import type { ItemBody } from "@holdfast/sqlite/item-table";
import { type BodyFiles, type GrowingFile, MOST_IN_TABLE, type StagedFile } from "./body-files.js";
import { breathing } from "./breath.js";

/** Where the body goes. */
interface Destination {
  readonly bodies: BodyFiles;
  putBody(
    record: Omit<WriteRecord, "body">,
    body: Exclude<ItemBody, { from: "staging" }>,
    staged: StagedFile | undefined,
    condition: PutCondition,
    signal: AbortSignal | undefined,
  ): Promise<PutOutcome>;
}

/** Collects a body: in memory while the table can hold it, then in a file that no item points to. */
export class FileWriter implements BodyWriter {
  readonly #store: Destination;
  readonly #signal: AbortSignal | undefined;
  readonly #breathe = breathing();
  #pieces: Uint8Array[] = [];
  #held = 0;
  #file: GrowingFile | undefined;
  #staged: StagedFile | undefined;
  #kept = false;

  constructor(store: Destination, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#file === undefined && this.#held + piece.byteLength > MOST_IN_TABLE) {
      this.#file = this.#store.bodies.begin();
      for (const each of this.#pieces) this.#file.write(each);
      this.#pieces = [];
    }
    if (this.#file === undefined) {
      this.#pieces.push(piece);
      this.#held += piece.byteLength;
    } else this.#file.write(piece);
    await this.#breathe();
  }

  async commit(record: Omit<WriteRecord, "body">, condition: PutCondition): Promise<PutOutcome> {
    if (this.#file === undefined) {
      const bytes = Buffer.concat(this.#pieces);
      const body = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return this.#store.putBody(record, { from: "memory", bytes: body }, undefined, condition, this.#signal);
    }
    this.#staged ??= this.#file.end();
    const outcome = await this.#store.putBody(record, { from: "elsewhere" }, this.#staged, condition, this.#signal);
    this.#kept = outcome.outcome === "written";
    return outcome;
  }

  async abort(): Promise<void> {
    this.#pieces = [];
    if (this.#kept) return;
    this.#file?.discard();
    this.#file = undefined;
  }
}
