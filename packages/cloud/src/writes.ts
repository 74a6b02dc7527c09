import {
  type AdapterWrite,
  type BatchOutcome,
  type Conflicting,
  type Expectation,
  KeyOrder,
  type RecordHeader,
  type Stale,
  StorageError,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import { toBase64 } from "./base64.js";
import { type Bodies, INLINE_BYTES } from "./bodies.js";
import type { Connection } from "./connection.js";
import { toHeader, toHeaderText, toWireTag, type WireOutcome, type WireReason } from "./wire.js";

/** A put whose body has been brought to where it will be. */
export interface PlacedPut {
  readonly type: "put";
  readonly record: Omit<WriteRecord, "body">;
  readonly expect: Expectation;
  /** In base64, or the ids of its objects. */
  readonly place: { readonly body: string } | { readonly parts: readonly string[] };
}

export type PlacedWrite = PlacedPut | Exclude<AdapterWrite, { type: "put" }>;

/** How often a body is sent anew when its objects are being deleted: each time by a sweep that had begun before. */
const PLACINGS = 3;
/** A batch sends more than so many bytes ahead, since one request cannot be of any size. */
const BATCH_BYTES = 8 * 2 ** 20;

interface WriteTerms {
  readonly now: number;
  readonly signal: AbortSignal | undefined;
}

/** Everything that changes items: one call of one function, in one transaction. */
export class Writes {
  readonly #connection: Connection;
  readonly #store: string;
  readonly #bodies: Bodies;
  readonly #keep: number | null;
  readonly #committed: () => void;
  readonly #order = new KeyOrder();

  /**
   * `keep`: how many previous versions of an item stay, 0 and null for none; in somebody else's store that is not asked. `committed` is
   * called after each write that changed something.
   */
  constructor(connection: Connection, store: string, bodies: Bodies, keep: number | null, committed: () => void) {
    this.#connection = connection;
    this.#store = store;
    this.#bodies = bodies;
    this.#keep = keep;
    this.#committed = committed;
  }

  /** All or nothing. */
  apply(writes: readonly AdapterWrite[], terms: WriteTerms): Promise<BatchOutcome> {
    return this.#inOrder(writes.map(keyOf), this.#place(writes, terms.signal), async (placed) => {
      let outcome = await this.#send(placed, terms);
      for (let placing = 2; outcome === "gone" && placing <= PLACINGS; placing++) {
        outcome = await this.#send(await this.#place(writes, terms.signal), terms);
      }
      if (outcome !== "gone") return outcome;
      throw new StorageError(
        "UNAVAILABLE",
        "the objects of a body were deleted each time before the write: save it again",
      );
    });
  }

  /** As `apply`, of one put while it is being placed; "gone" when objects of its body are about to be deleted. */
  applyPlacing(
    { place, ...put }: Omit<PlacedPut, "place"> & { readonly place: Promise<PlacedPut["place"]> },
    terms: WriteTerms,
  ): Promise<BatchOutcome | "gone"> {
    return this.#inOrder([keyOf(put)], place, (placed) => this.#send([{ ...put, place: placed }], terms));
  }

  /**
   * Bodies are uploaded side by side, but the writes of one key are sent one after the other, in the order in which they were
   * called: requests that are under way together arrive in any order.
   */
  #inOrder<Placed, Outcome>(
    keys: readonly string[],
    placing: Promise<Placed>,
    send: (placed: Placed) => Promise<Outcome>,
  ): Promise<Outcome> {
    const outcome = Promise.resolve(this.#order.turn(keys, placing, send));
    // A turn until there is an answer. What goes wrong is told to who waits for the outcome.
    void this.#order.turn(keys, Promise.allSettled([outcome]), () => undefined);
    return outcome;
  }

  async #send(writes: readonly PlacedWrite[], { now, signal }: WriteTerms): Promise<BatchOutcome | "gone"> {
    const outcome = await this.#connection.call<WireOutcome>(
      "holdfast_write",
      { p_store: this.#store, p_writes: writes.map(toWireWrite), p_now: now, p_keep: this.#keep },
      signal,
    );
    if (outcome.outcome === "refused") {
      const { index, reason } = outcome;
      return reason.outcome === "gone" ? "gone" : { outcome: "refused", index, reason: toReason(reason) };
    }
    if (outcome.results.some((result) => result.outcome !== "absent")) this.#committed();
    const results = outcome.results.map((result, index) => {
      if (result.outcome === "deleted") return { outcome: "deleted" } as const;
      if (result.outcome === "absent") return { outcome: "absent", tombstone: result.tombstone ?? undefined } as const;
      return { outcome: "written", header: { ...headerOf(writes[index]), created: result.created } } as const;
    });
    return { outcome: "applied", results };
  }

  /** Small bodies go along; the others are uploaded first. */
  async #place(writes: readonly AdapterWrite[], signal: AbortSignal | undefined): Promise<PlacedWrite[]> {
    const placed: PlacedWrite[] = [];
    let along = 0;
    for (const write of writes) {
      if (write.type === "delete") {
        placed.push(write);
        continue;
      }
      const { body, ...record } = write.record;
      const isSmall = body.length <= INLINE_BYTES && along + body.length <= BATCH_BYTES;
      if (isSmall) along += body.length;
      const place = isSmall ? { body: toBase64(body) } : { parts: await this.#bodies.upload(body, signal) };
      placed.push({ type: "put", record, expect: write.expect, place });
    }
    return placed;
  }
}

function keyOf(write: AdapterWrite | Omit<PlacedPut, "place">): string {
  return write.type === "put" ? write.record.header.key : write.key;
}

function headerOf(write: PlacedWrite | undefined): RecordHeader {
  // The server answers each write in its place.
  if (write?.type !== "put") throw new StorageError("INTERNAL", "the server answered a put that was not asked");
  return structuredClone(write.record.header);
}

function toReason(reason: Exclude<WireReason, { outcome: "gone" }>): Conflicting | Stale {
  if (reason.outcome === "stale") return { outcome: "stale", floor: reason.floor };
  return { outcome: "conflict", current: reason.current === null ? undefined : toHeader(reason.current) };
}

function toWireWrite(write: PlacedWrite): Record<string, unknown> {
  if (write.type === "delete") {
    const { type, key, version, expect } = write;
    return { type, key, version, expect } satisfies { version: Version; [name: string]: unknown };
  }
  const { record, expect, place } = write;
  const { header, terms, chunkHashes } = record;
  return {
    type: "put",
    key: header.key,
    version: header.version,
    expect,
    header: toHeaderText(header),
    created: header.created,
    modified: header.modified,
    expires: header.expiration,
    size: header.size,
    stored: header.storedSize,
    tags: header.tags.map(toWireTag),
    terms,
    hashes: chunkHashes.length === 0 ? null : toBase64(chunkHashes),
    encrypted: header.encryption !== undefined,
    ...place,
  };
}
