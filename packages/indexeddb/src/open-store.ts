import {
  type AdapterContext,
  type AdapterWrite,
  type BatchOutcome,
  CHUNK_BYTES,
  type DeleteCondition,
  type DeleteOutcome,
  type PutCondition,
  type PutOutcome,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import type { Bodies } from "./bodies.js";
import { Connection } from "./connection.js";
import type { Eviction } from "./eviction.js";
import { Feed } from "./feed.js";
import { GroupCommit } from "./group-commit.js";
import { toHex } from "./hex.js";
import { INLINE_LIMIT, type ItemRow } from "./layout.js";
import type { CompleteOptions } from "./options.js";
import { answered } from "./requests.js";
import type { Store } from "./store.js";
import { toStored } from "./stored-key.js";
import { type BodilessRecord, type Body, keyOf, type PlacedWrite, type Workspace } from "./workspace.js";

/** Larger bodies are written in several transactions, so that none holds up the others for long. */
const MOST_AT_ONCE = 16 * 2 ** 20;

/** One open database with everything that works on it. */
export class OpenStore implements Store {
  readonly connection: Connection;
  readonly feed: Feed;
  readonly group: GroupCommit;
  readonly context: AdapterContext;
  readonly #options: CompleteOptions;
  #eviction: Promise<Eviction> | undefined;
  #bodies: Promise<Bodies> | undefined;

  static async open(
    options: CompleteOptions,
    context: AdapterContext,
  ): Promise<{ store: OpenStore; lastVersion: Version | undefined }> {
    const connection = await Connection.open(options, context);
    try {
      const transaction = await connection.begin(["feed", "unowned"], "readonly");
      const left = answered(transaction.objectStore("unowned").count());
      const cursor = await answered(transaction.objectStore("feed").openCursor(null, "prev"));
      const store = new OpenStore(options, context, connection);
      if ((await left) > 0) void store.free();
      if (options.evictable !== undefined)
        void store.#loadEviction().then((eviction) => eviction.reserve().catch(() => undefined));
      return { store, lastVersion: cursor?.value.v };
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private constructor(options: CompleteOptions, context: AdapterContext, connection: Connection) {
    this.connection = connection;
    this.context = context;
    this.#options = options;
    this.feed = new Feed(connection, options.name);
    this.group = new GroupCommit({
      connection,
      history: context.history || undefined,
      committing: () => this.feed.committing(),
      committed: (...commit) => this.feed.committed(...commit),
      leftBodies: () => void this.free(),
      evict: options.evictable && (async (bytes) => (await this.#loadEviction()).choose(bytes)),
    });
  }

  /** What works on bodies outside of their records: most stores never need it. */
  bodies(): Promise<Bodies> {
    this.#bodies ??= import("./bodies.js").then((module) => new module.Bodies(this, this.#options.name));
    return this.#bodies;
  }

  async put(record: WriteRecord, condition: PutCondition, signal: AbortSignal | undefined): Promise<PutOutcome> {
    const { body: bytes } = record;
    if (bytes.byteLength > MOST_AT_ONCE) return (await this.bodies()).put(record, condition, signal);
    const body = this.#place(bytes);
    const bodiless = this.bodiless(record);
    return this.group.submit(
      (workspace) => {
        const outcome = workspace.put(bodiless, body, condition);
        if (outcome.outcome === "written") putChunks(workspace, body, bytes);
        return outcome;
      },
      { keys: [toStored(record.header.key)], signal, bytes: bytes.byteLength },
    );
  }

  delete(key: string, condition: DeleteCondition, signal: AbortSignal | undefined): Promise<DeleteOutcome> {
    return this.group.submit((workspace) => workspace.delete(key, condition), { keys: [toStored(key)], signal });
  }

  batch(writes: readonly AdapterWrite[], now: number, signal: AbortSignal | undefined): Promise<BatchOutcome> {
    const bytes = writes.map((write) => (write.type === "put" ? write.record.body : undefined));
    const placed = writes.map((write): PlacedWrite => {
      if (write.type === "delete") return write;
      const { record, expect } = write;
      return { type: "put", record: this.bodiless(record), body: this.#place(record.body), expect };
    });
    return this.group.submit(
      (workspace) => {
        const outcome = workspace.batch(placed, now);
        if (outcome.outcome === "applied") {
          for (const [index, write] of placed.entries()) {
            if (write.type === "put") putChunks(workspace, write.body, bytes[index]);
          }
        }
        return outcome;
      },
      {
        keys: placed.map((write) => toStored(keyOf(write))),
        signal,
        bytes: bytes.reduce((sum, each) => sum + (each?.byteLength ?? 0), 0),
      },
    );
  }

  bodiless({ header, terms, chunkHashes }: Omit<WriteRecord, "body">): BodilessRecord {
    const used = this.#options.evictable?.(header) ? this.context.ports.clock.now() : undefined;
    return { header, terms, chunkHashes, used };
  }

  used(stored: string, row: ItemRow): void {
    if (row.u !== undefined && this.#options.evictable !== undefined) {
      void this.#loadEviction().then((eviction) => eviction.note(stored, row));
    }
  }

  /** Where a body will be. */
  #place(bytes: Uint8Array): Body {
    if (bytes.byteLength <= INLINE_LIMIT) return { inline: own(bytes) };
    return { body: this.newBody(), count: Math.ceil(bytes.byteLength / CHUNK_BYTES) };
  }

  #loadEviction(): Promise<Eviction> {
    this.#eviction ??= import("./eviction.js").then((module) => new module.Eviction(this));
    return this.#eviction;
  }

  newBody(): string {
    return toHex(this.context.ports.random.bytes(12));
  }

  async free(): Promise<void> {
    try {
      await (await this.bodies()).free();
    } catch {
      // Nobody waits for it, and the next store that opens begins with it.
    }
  }

  async close(): Promise<void> {
    await this.group.drained();
    await (await this.#eviction?.catch(() => undefined))?.close();
    const bodies = await this.#bodies?.catch(() => undefined);
    await bodies?.close();
    this.feed.close();
    this.connection.close();
  }
}

function putChunks(workspace: Workspace, body: Body | undefined, bytes: Uint8Array | undefined): void {
  if (bytes === undefined || body === undefined || "inline" in body) return;
  workspace.also((transaction) => {
    const chunks = transaction.objectStore("chunks");
    for (let n = 0; n < body.count; n++) {
      // A copy: the database would otherwise store the whole buffer behind the view, each time.
      chunks.put(bytes.slice(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES), [body.body, n]);
    }
  });
}

/** The bytes on a buffer of their own: the database stores the buffer behind a view whole. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
