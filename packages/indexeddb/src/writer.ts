import {
  type AdapterContext,
  type AdapterWrite,
  type Awaitable,
  type BatchOutcome,
  CHUNK_BYTES,
  type DeleteCondition,
  type DeleteOutcome,
  KeyOrder,
  type PutCondition,
  type PutOutcome,
  type WriteRecord,
} from "@holdfast/core";
import { GroupCommit, type GroupCommitOptions } from "./group-commit.js";
import { toHex } from "./hex.js";
import { INLINE_LIMIT } from "./layout.js";
import type { CompleteOptions } from "./options.js";
import { toStored } from "./stored-key.js";
import type { BodilessRecord, Place, PlacedWrite } from "./workspace.js";

/** Bodies above this Chromium keeps in files of their own. A transaction for each that is smaller would take longer than it is worth. */
const FILE_BYTES = 65_536;

// With it, so that a new store has its reserve before anything else is written.
export { Reserve } from "./reserve.js";

/** What the writer needs of the store that it writes to. */
export interface WriterOptions {
  readonly context: AdapterContext;
  readonly evictable: CompleteOptions["evictable"];
  /** Stores a body for which the transaction of its record has no room, out of readers' sight. */
  readonly stage: (bytes: Uint8Array, keys: readonly string[], signal: AbortSignal | undefined) => Promise<Place>;
}

/** All that writes records. It is loaded while the database opens: nobody can write before, and afterwards nobody waits for it. */
export class Writer {
  readonly group: GroupCommit;
  /** Of what is written under one stored key. */
  readonly order: KeyOrder = new KeyOrder();
  readonly #options: WriterOptions;

  constructor(options: WriterOptions, group: GroupCommitOptions) {
    this.#options = options;
    this.group = new GroupCommit(group);
  }

  async put(record: WriteRecord, condition: PutCondition, signal: AbortSignal | undefined): Promise<PutOutcome> {
    const keys = [toStored(record.header.key)];
    // Before there is a body to give back: what the app decides here may throw.
    const bodiless = this.bodiless(record);
    // A body that is stored piece by piece takes its time. What is called for its key meanwhile comes behind it all the same.
    return this.order.turn(keys, this.#place(record.body, keys, signal), async (place) => {
      let outcome: PutOutcome | undefined;
      try {
        outcome = await this.group.submit(
          (workspace) => {
            const put = workspace.put(bodiless, place.body, condition);
            if (put.outcome === "written") place.bind(workspace);
            return put;
          },
          {
            keys,
            signal,
            bytes: place.bytes,
            fresh: isFresh(condition),
            drops: record.header.encryption !== undefined,
          },
        );
        return outcome;
      } finally {
        await place.end(outcome?.outcome === "written");
      }
    });
  }

  async delete(key: string, condition: DeleteCondition, signal: AbortSignal | undefined): Promise<DeleteOutcome> {
    const stored = toStored(key);
    return this.order.turn([stored], undefined, () =>
      this.group.submit((workspace) => workspace.delete(key, condition), { keys: [stored], signal, frees: true }),
    );
  }

  async batch(writes: readonly AdapterWrite[], now: number, signal: AbortSignal | undefined): Promise<BatchOutcome> {
    const keys = writes.map((write) => toStored(write.type === "put" ? write.record.header.key : write.key));
    const places: Place[] = [];
    let outcome: BatchOutcome | undefined;
    try {
      outcome = await this.order.turn(keys, this.#placeAll(writes, keys, places, signal), (placed) =>
        this.group.submit(
          (workspace) => {
            const result = workspace.batch(placed, now);
            if (result.outcome === "applied") for (const place of places) place.bind(workspace);
            return result;
          },
          {
            keys,
            signal,
            bytes: places.reduce((sum, { bytes }) => sum + bytes, 0),
            drops: placed.some((write) => write.type === "put" && write.record.header.encryption !== undefined),
            fresh: writes.every((write) => write.type === "put" && isFresh(write)),
          },
        ),
      );
      return outcome;
    } finally {
      for (const place of places) await place.end(outcome?.outcome === "applied");
    }
  }

  /** The record without its body, marked when it may be evicted. */
  bodiless({ header, terms, chunkHashes }: Omit<WriteRecord, "body">): BodilessRecord {
    const used = this.#options.evictable?.(header) ? this.#options.context.ports.clock.now() : undefined;
    return { header, terms, chunkHashes, used };
  }

  /** Every place that was found is among `places`, also when another one is not. */
  async #placeAll(
    writes: readonly AdapterWrite[],
    keys: readonly string[],
    places: Place[],
    signal: AbortSignal | undefined,
  ): Promise<PlacedWrite[]> {
    const placed: PlacedWrite[] = [];
    let room = CHUNK_BYTES;
    for (const write of writes) {
      if (write.type === "delete") placed.push(write);
      else {
        const place = await this.#place(write.record.body, keys, signal, room);
        places.push(place);
        room -= place.bytes;
        placed.push({ type: "put", record: this.bodiless(write.record), body: place.body, expect: write.expect });
      }
    }
    return placed;
  }

  /**
   * Finds a place for a body. A large one for which the transaction of its record has no room is stored there at once, out of
   * readers' sight.
   */
  #place(
    bytes: Uint8Array,
    keys: readonly string[],
    signal: AbortSignal | undefined,
    room = CHUNK_BYTES,
  ): Awaitable<Place> {
    const size = bytes.byteLength;
    if (size > Math.max(room, FILE_BYTES)) return this.#options.stage(bytes, keys, signal);
    const chunk = own(bytes);
    if (size <= INLINE_LIMIT) return { body: { inline: chunk }, bytes: size, bind: nothing, end: nothing };
    const body = this.newBody();
    const put = (transaction: IDBTransaction) => transaction.objectStore("chunks").put(chunk, [body, 0]);
    return { body: { body, count: 1 }, bytes: size, bind: (workspace) => workspace.also(put), end: nothing };
  }

  /** A name that no body has. */
  newBody(): string {
    return toHex(this.#options.context.ports.random.bytes(12));
  }
}

function nothing(): undefined {
  return undefined;
}

/** A write that names no version is likely one of something new. */
function isFresh({ expect }: Pick<PutCondition, "expect">): boolean {
  return expect === "any" || expect === "absent";
}

/** The bytes on a buffer of their own: the database stores the buffer behind a view whole. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
