import { type BodyWriter, type PutCondition, type PutOutcome, StorageError, type WriteRecord } from "@holdfast/core";
import { toBase64 } from "./base64.js";
import { type Bodies, INLINE_BYTES, PART_BYTES } from "./bodies.js";
import type { PlacedPut, Writes } from "./writes.js";

/** Sends a body part by part as it comes. What is sent and never committed goes with a sweep, a day later. */
export class CloudWriter implements BodyWriter {
  readonly #bodies: Bodies;
  readonly #writes: Writes;
  readonly #signal: AbortSignal | undefined;
  readonly #parts: string[] = [];
  /** What this stream has sent, by its SHA-256. */
  readonly #sent = new Map<string, string>();
  #buffer = new Uint8Array(INLINE_BYTES);
  #length = 0;

  constructor(bodies: Bodies, writes: Writes, signal: AbortSignal | undefined) {
    this.#bodies = bodies;
    this.#writes = writes;
    this.#signal = signal;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let start = 0; start < chunk.length; ) {
      const piece = chunk.subarray(start, start + PART_BYTES - this.#length);
      this.#add(piece);
      start += piece.length;
      if (this.#length === PART_BYTES) await this.#send();
    }
  }

  async commit(record: Omit<WriteRecord, "body">, { expect, now }: PutCondition): Promise<PutOutcome> {
    const write = { type: "put", record, expect, place: this.#place() } as const;
    const outcome = await this.#writes.applyPlacing(write, { now, signal: this.#signal });
    if (outcome === "gone") {
      throw new StorageError(
        "UNAVAILABLE",
        "the first parts of the body were swept before the last one came: a stream may take up to a day; save it again",
        { retryable: false },
      );
    }
    return putOutcome(outcome);
  }

  /** The parts have rows that nothing refers to. */
  abort(): void {
    this.#length = 0;
  }

  async #place(): Promise<PlacedPut["place"]> {
    if (this.#parts.length === 0 && this.#length <= INLINE_BYTES) {
      return { body: toBase64(this.#buffer.subarray(0, this.#length)) };
    }
    if (this.#length > 0) await this.#send();
    return { parts: this.#parts };
  }

  #add(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(PART_BYTES, Math.max(needed, 2 * this.#buffer.length)));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = needed;
  }

  async #send(): Promise<void> {
    // A buffer of its own: an upload that is given up may still be reading this one.
    const part = this.#buffer.slice(0, this.#length);
    this.#parts.push(...(await this.#bodies.upload(part, this.#signal, this.#sent)));
    this.#length = 0;
  }
}

/** The outcome of a batch of one put. */
export function putOutcome(outcome: Awaited<ReturnType<Writes["apply"]>>): PutOutcome {
  if (outcome.outcome === "refused") return outcome.reason;
  const [result] = outcome.results;
  if (result?.outcome !== "written")
    throw new StorageError("INTERNAL", "the server answered a put as if it were another");
  return result;
}
