import { type AdapterContext, loadPart, type Version } from "@holdfast/core";
import type { Bodies } from "./bodies.js";
import { Connection } from "./connection.js";
import type { Feed } from "./feed.js";
import type { ItemRow } from "./layout.js";
import { lazily } from "./lazy.js";
import type { CompleteOptions } from "./options.js";
import { answered } from "./requests.js";
import type { Store } from "./store.js";
import type { Reserve, Writer, WriterOptions } from "./writer.js";

/** One open database with everything that works on it. */
export class OpenStore implements Store {
  readonly connection: Connection;
  readonly writer: Writer;
  readonly context: AdapterContext;
  readonly #options: CompleteOptions;
  readonly #channel: BroadcastChannel;
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
  readonly #reserve: Reserve;

  /** Of the newest entry in the feed when it was opened. */
  readonly lastVersion: Version | undefined;

  static async open(options: CompleteOptions, context: AdapterContext): Promise<OpenStore> {
    const loading = loadPart(() => import("./writer.js"), "@holdfast/indexeddb");
    // What became of it is asked for below, once there is a connection.
    loading.catch(nothing);
    const connection = await Connection.open(options, context);
    try {
      const transaction = await connection.begin(["feed", "unowned", "store"], "readonly");
      const [cursor, left, reserve] = await Promise.all([
        answered(transaction.objectStore("feed").openCursor(null, "prev")),
        answered(transaction.objectStore("unowned").count()),
        answered(transaction.objectStore("store").getKey("reserve0")),
      ]);
      const store = new OpenStore(options, context, connection, cursor?.value.v, await loading);
      if (left > 0) void store.free();
      if (reserve === undefined) void store.#reserve.lay();
      return store;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private constructor(
    options: CompleteOptions,
    context: AdapterContext,
    connection: Connection,
    lastVersion: Version | undefined,
    { Reserve, Writer }: typeof import("./writer.js"),
  ) {
    this.connection = connection;
    this.context = context;
    this.lastVersion = lastVersion;
    this.#options = options;
    this.#channel = new BroadcastChannel(`holdfast:${options.name}`);
    this.#reserve = new Reserve(this);
    const stage: WriterOptions["stage"] = async (...body) => (await this.bodies()).stage(...body);
    this.writer = new Writer(
      { context, evictable: options.evictable, stage },
      {
        connection,
        history: context.history || undefined,
        release: () => this.#reserve.release(),
        // Says no more than that there is something new: what is told is read from the feed.
        committing: () => this.#channel.postMessage(0),
        committed: (...commit) => this.#watched?.committed(...commit),
        leftBodies: () => void this.free(),
        evict: options.evictable && (async (...write) => (await this.#eviction.get()).choose(...write)),
      },
    );
  }

  feed(): Promise<Feed> {
    return this.#feed.get();
  }

  /** What works on bodies outside of their records. */
  bodies(): Promise<Bodies> {
    return this.#bodies.get();
  }

  used(stored: string, row: ItemRow): void {
    if (row.u !== undefined && this.#options.evictable !== undefined) {
      void this.#eviction.get().then((eviction) => eviction.note(stored, row), nothing);
    }
  }

  async free(): Promise<void> {
    try {
      await (await this.bodies()).free();
    } catch {
      // Nobody waits for it, and the next store that opens begins with it.
    }
  }

  async close(): Promise<void> {
    await this.writer.group.drained();
    await (await this.#eviction.asked())?.close();
    this.#reserve.close();
    await (await this.#bodies.asked())?.close();
    this.#watched?.close();
    this.#channel.close();
    this.connection.close();
  }
}

function nothing(): undefined {
  return undefined;
}
