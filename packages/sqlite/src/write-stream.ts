import {
  type BodyWriter,
  CHUNK_BYTES,
  type Clock,
  type PutCondition,
  type PutOutcome,
  type Random,
} from "@holdfast/core";
import type { GroupCommit, JobOptions } from "./group-commit.js";
import type { ItemBody, StagedBody } from "./item-table/bodies.js";
import type { BodilessRecord, ItemTable } from "./item-table/item-table.js";
/** What a stream writes into. */

export interface BodyWriterParts {
  readonly table: ItemTable;
  readonly group: GroupCommit;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Collects a body in chunks of 1 MiB that no item points to, each committed as it is full; the record then takes them over
 * in its own transaction. A body of up to 1 MiB never leaves memory before that.
 */
export class ChunkWriter implements BodyWriter {
  readonly #parts: BodyWriterParts;
  readonly #signal: AbortSignal | undefined;
  readonly #pieces: Uint8Array[] = [];
  #held = 0;
  #staged: StagedBody | undefined;

  constructor(parts: BodyWriterParts, signal: AbortSignal | undefined) {
    this.#parts = parts;
    this.#signal = signal;
  }

  async write(piece: Uint8Array): Promise<void> {
    // Cut to chunks here: a piece of any size is never copied as a whole.
    for (let offset = 0; offset < piece.byteLength; ) {
      // A full chunk leaves only when more follows, since the last piece is written with the record.
      if (this.#held === CHUNK_BYTES) await this.#stage();
      const part = piece.subarray(offset, offset + CHUNK_BYTES - this.#held);
      this.#pieces.push(part);
      this.#held += part.byteLength;
      offset += part.byteLength;
    }
  }

  commit(record: BodilessRecord, condition: PutCondition): Promise<PutOutcome> {
    const { table, group } = this.#parts;
    const tail = this.#join();
    const body: ItemBody =
      this.#staged === undefined ? { from: "memory", bytes: tail } : { from: "staging", staged: this.#staged, tail };
    return group.submit(() => table.put(record, body, condition), this.#job());
  }

  async abort(): Promise<void> {
    const staged = this.#staged;
    this.#pieces.length = 0;
    this.#held = 0;
    if (staged === undefined) return;
    this.#staged = undefined;
    await this.#parts.group.submit(() => this.#parts.table.bodies.discard(staged));
  }

  async #stage(): Promise<void> {
    const { table, group, clock, random } = this.#parts;
    const chunk = this.#join();
    const token = Buffer.from(random.bytes(16)).toString("hex");
    this.#staged = await group.submit(() => {
      const now = clock.now();
      return table.bodies.extend(this.#staged ?? table.bodies.stage(token, now), chunk, now);
    }, this.#job());
    this.#pieces.length = 0;
    this.#held = 0;
  }

  #join(): Uint8Array {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1 && first !== undefined) return first;
    const joined = new Uint8Array(this.#held);
    let offset = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, offset);
      offset += piece.byteLength;
    }
    return joined;
  }

  #job(): JobOptions {
    return { signal: this.#signal, bytes: this.#held };
  }
}
