import { type Ports, StorageError } from "@holdfast/core";
import { fromBase64 } from "./base64.js";
import type { Connection } from "./connection.js";
import { retried } from "./retried.js";
import type { WirePart, WireRecord } from "./wire.js";

/** Bodies of up to so many bytes stand in the row. */
export const INLINE_BYTES = 64 * 1024;
/** A larger body is kept in objects of so many bytes each, the last one smaller. */
export const PART_BYTES = 4 * 2 ** 20;
/** How many parts of one body move at once. */
const AT_ONCE = 3;
const SWEEP_STEP = 100;

interface StagedPart {
  readonly id: string;
  readonly name: string;
  /** Its content is there already. */
  readonly stored: boolean;
}

/** The objects of one store. */
export class Bodies {
  readonly #connection: Connection;
  readonly #store: string;
  readonly #owner: string;
  readonly #ports: Ports;

  constructor(connection: Connection, store: string, owner: string, ports: Ports) {
    this.#connection = connection;
    this.#store = store;
    this.#owner = owner;
    this.#ports = ports;
  }

  /**
   * Brings a body into objects; returns their ids, in order. What is there already is not sent again: neither what this user has
   * stored before, nor what is in `sent`, the ids of parts by their SHA-256, to which those that are sent now are added.
   */
  async upload(
    body: Uint8Array,
    signal: AbortSignal | undefined,
    sent: Map<string, string> = new Map(),
  ): Promise<string[]> {
    const pieces: Uint8Array[] = [];
    for (let start = 0; start < body.length; start += PART_BYTES) pieces.push(body.subarray(start, start + PART_BYTES));
    const hashes = await Promise.all(pieces.map(sha256Of));
    const fresh = new Map(pieces.map((piece, index) => [hashes[index] ?? "", piece]));
    for (const hash of sent.keys()) fresh.delete(hash);
    const staged = fresh.size === 0 ? [] : await this.#stage(fresh, signal);
    await inTurns([...fresh].entries(), async ([index, [hash, piece]]) => {
      const part = staged[index];
      if (part === undefined) throw new StorageError("INTERNAL", "the server has not staged every part");
      if (!part.stored) await retried(this.#ports, () => this.#connection.upload(part.name, piece, signal), signal);
      sent.set(hash, part.id);
    });
    return hashes.map((hash) => sent.get(hash) ?? "");
  }

  /** The whole body of a record; undefined when an object is missing. */
  async download({ parts, body }: WireRecord, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    if (parts === null) return fromBase64(body ?? "");
    const whole = new Uint8Array(parts.reduce((sum, { size }) => sum + size, 0));
    let complete = true;
    const starts = parts.map((_, index) => parts.slice(0, index).reduce((sum, { size }) => sum + size, 0));
    await inTurns(parts.entries(), async ([index, part]) => {
      const bytes = await this.#part(part, signal);
      if (bytes === undefined) complete = false;
      else whole.set(bytes, starts[index]);
    });
    return complete ? whole : undefined;
  }

  /**
   * The body of a record part by part. To the owner what was found once stays there for a day, whatever is written meanwhile; to
   * others only while they can see an item that has it. `lost` finds out what to throw where a part is gone.
   */
  async *stream(
    { parts, body }: WireRecord,
    lost: (part: string) => Promise<StorageError>,
  ): AsyncGenerator<Uint8Array> {
    if (parts === null) {
      if (body !== null && body !== "") yield fromBase64(body);
      return;
    }
    for (const part of parts) {
      const bytes = await this.#part(part, undefined);
      if (bytes === undefined) throw await lost(part.name);
      yield bytes;
    }
  }

  /** Deletes objects that nothing has referred to for a day. */
  async sweep(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const doomed = await this.#connection.call<{ id: string; name: string }[]>(
        "holdfast_condemn",
        { p_store: this.#store, p_limit: SWEEP_STEP },
        signal,
      );
      if (doomed.length === 0) return;
      await this.#connection.remove(
        doomed.map(({ name }) => name),
        signal,
      );
      await this.#connection.call(
        "holdfast_forget",
        { p_store: this.#store, p_bodies: doomed.map(({ id }) => id) },
        signal,
      );
      if (doomed.length < SWEEP_STEP) return;
    }
  }

  /** May arrive twice: the names are made once, and the server knows them again. */
  #stage(pieces: ReadonlyMap<string, Uint8Array>, signal: AbortSignal | undefined): Promise<StagedPart[]> {
    const parts = Array.from(pieces, ([sha256, { length }]) => {
      // Nobody can guess it, so what stands under it is what was put there for this row.
      const nonce = toHex(this.#ports.random.bytes(16));
      return { sha256, size: length, name: `${this.#owner}/${sha256}/${nonce}` };
    });
    const staging = { p_store: this.#store, p_parts: parts };
    return retried(this.#ports, () => this.#connection.call("holdfast_stage", staging, signal), signal);
  }

  async #part(part: WirePart, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    return retried(
      this.#ports,
      async () => {
        const bytes = await this.#connection.download(part.name, signal);
        if (bytes !== undefined && bytes.length !== part.size) throw cut(part, bytes.length);
        return bytes;
      },
      signal,
    );
  }
}

function cut({ name, size }: WirePart, length: number): StorageError {
  return new StorageError("UNAVAILABLE", `the object ${name} has ${size} bytes, and ${length} of them arrived`, {
    retryable: true,
  });
}

async function inTurns<T>(all: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const iterator = all[Symbol.iterator]();
  const take = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
}

async function sha256Of(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
