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
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import type { Bodies } from "./bodies.js";
import { Connection } from "./connection.js";
import type { Feed } from "./feed.js";
import { GroupCommit } from "./group-commit.js";
import { toHex } from "./hex.js";
import { INLINE_LIMIT, type ItemRow } from "./layout.js";
import { lazily } from "./lazy.js";
import type { CompleteOptions } from "./options.js";
import { answered } from "./requests.js";
import type { Store } from "./store.js";
import { toStored } from "./stored-key.js";
import type { BodilessRecord, Place, PlacedWrite } from "./workspace.js";

/** Bodies above this Chromium keeps in files of their own. A transaction for each that is smaller would take longer than it is worth. */
const FILE_BYTES = 65_536;

/** One open database with everything that works on it. */
export class OpenStore implements Store {
  readonly connection: Connection;
  readonly group: GroupCommit;
  readonly context: AdapterContext;
  readonly #options: CompleteOptions;
  readonly #channel: BroadcastChannel;
  readonly order: KeyOrder = new KeyOrder();
  /** The feed, once somebody has asked for it. */
  #watched: Feed | undefined;
  // Most stores never need these.
  readonly #feed = lazily(() =>
    import("./feed.js").then(({ Feed }) => {
      this.#watched = new Feed(this.connection, this.#channel);
      return this.#watched;
    }),
  );
  readonly #bodies = lazily(() => import("./bodies.js").then(({ Bodies }) => new Bodies(this, this.#options.name)));
  readonly #eviction = lazily(() => import("./eviction.js").then(({ Eviction }) => new Eviction(this)));
  readonly #reserve = lazily(() => import("./reserve.js").then(({ Reserve }) => new Reserve(this)));

  static async open(
    options: CompleteOptions,
    context: AdapterContext,
  ): Promise<{ store: OpenStore; lastVersion: Version | undefined }> {
    const connection = await Connection.open(options, context);
    try {
      const transaction = await connection.begin(["feed", "unowned", "store"], "readonly");
      const [cursor, left, reserve] = await Promise.all([
        answered(transaction.objectStore("feed").openCursor(null, "prev")),
        answered(transaction.objectStore("unowned").count()),
        answered(transaction.objectStore("store").getKey("reserve0")),
      ]);
      const store = new OpenStore(options, context, connection);
      if (left > 0) void store.free();
      if (reserve === undefined) void store.#reserve.get().then((loaded) => loaded.lay(), nothing);
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
    this.#channel = new BroadcastChannel(`holdfast:${options.name}`);
    this.group = new GroupCommit({
      connection,
      history: context.history || undefined,
      release: async () => (await this.#reserve.get()).release(),
      // Says no more than that there is something new: what is told is read from the feed.
      committing: () => this.#channel.postMessage(0),
      committed: (...commit) => this.#watched?.committed(...commit),
      leftBodies: () => void this.free(),
      evict: options.evictable && (async (...write) => (await this.#eviction.get()).choose(...write)),
    });
  }

  feed(): Promise<Feed> {
    return this.#feed.get();
  }

  /** What works on bodies outside of their records. */
  bodies(): Promise<Bodies> {
    return this.#bodies.get();
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

  bodiless({ header, terms, chunkHashes }: Omit<WriteRecord, "body">): BodilessRecord {
    const used = this.#options.evictable?.(header) ? this.context.ports.clock.now() : undefined;
    return { header, terms, chunkHashes, used };
  }

  used(stored: string, row: ItemRow): void {
    if (row.u !== undefined && this.#options.evictable !== undefined) {
      void this.#eviction.get().then((eviction) => eviction.note(stored, row), nothing);
    }
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
    if (size > Math.max(room, FILE_BYTES)) return this.bodies().then((bodies) => bodies.stage(bytes, keys, signal));
    const chunk = own(bytes);
    if (size <= INLINE_LIMIT) return { body: { inline: chunk }, bytes: size, bind: nothing, end: nothing };
    const body = this.newBody();
    const put = (transaction: IDBTransaction) => transaction.objectStore("chunks").put(chunk, [body, 0]);
    return { body: { body, count: 1 }, bytes: size, bind: (workspace) => workspace.also(put), end: nothing };
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
    await (await this.#eviction.asked())?.close();
    (await this.#reserve.asked())?.close();
    await (await this.#bodies.asked())?.close();
    this.#watched?.close();
    this.#channel.close();
    this.connection.close();
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
