import type { CancelTimer, Timers } from "@holdfast/core";
import type { CloudChannel, CloudClient, SystemMessage } from "./cloud-client.js";

/** Milliseconds until a server that had no Realtime is asked again; each time twice as long as before. */
const FIRST_RETRY = 30_000;
const LONGEST_RETRY = 600_000;

/** Both may be called at any time, and more often than something happens. */
export interface PushListener {
  /** The store has been written to, as far as `seq`; undefined: perhaps. */
  hint(seq: string | undefined): void;
  /** From now on hints come, or do not come any more: something may have been written meanwhile. */
  liveChanged(): void;
}

/**
 * Hears through Supabase's Realtime that a store has been written to: every write counts up `seq` in the store's row. What is
 * heard is a hint to read the feed, never the truth: Realtime promises to deliver nothing, and delivers nothing of the time
 * without a connection. So the listener looks as well whenever hints begin to come.
 */
export class Pushes {
  readonly #client: CloudClient;
  readonly #store: string;
  readonly #topic: string;
  readonly #timers: Timers;
  readonly #listener: PushListener;
  #channel: CloudChannel | undefined;
  #live = false;
  #retry = FIRST_RETRY;
  #cancel: CancelTimer | undefined;

  /** `topic` is any name that no other channel of the client has. */
  constructor(client: CloudClient, store: string, topic: string, timers: Timers, listener: PushListener) {
    this.#client = client;
    this.#store = store;
    this.#topic = topic;
    this.#timers = timers;
    this.#listener = listener;
  }

  /** Whether hints come. */
  get live(): boolean {
    return this.#live;
  }

  start(): void {
    if (this.#channel !== undefined || this.#cancel !== undefined || this.#client.channel === undefined) return;
    const channel = this.#client.channel(this.#topic);
    this.#channel = channel;
    const filter = { event: "UPDATE", schema: "holdfast", table: "stores", filter: `id=eq.${this.#store}` } as const;
    channel
      .on("postgres_changes", filter, ({ new: row }) => this.#listener.hint(seqOf(row)))
      .on("system", {}, (message) => this.#hear(channel, message))
      .subscribe((status) => this.#follow(channel, status));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#retry = FIRST_RETRY;
    this.#drop();
  }

  /** A channel is joined before its changes are listened for; this says when they are. */
  #hear(channel: CloudChannel, { extension, status }: SystemMessage): void {
    if (channel !== this.#channel || extension !== "postgres_changes") return;
    this.#setLive(status === "ok");
  }

  #follow(channel: CloudChannel, status: string): void {
    if (channel !== this.#channel || status === "SUBSCRIBED") return;
    const wasLive = this.#live;
    this.#setLive(false);
    // A connection that is lost the client makes anew by itself. Where there never was one, it would go on trying every few seconds.
    if (wasLive && status !== "CLOSED") return;
    this.#drop();
    this.#cancel = this.#timers.schedule(
      () => {
        this.#cancel = undefined;
        this.start();
      },
      this.#retry,
      "background",
    );
    this.#retry = Math.min(2 * this.#retry, LONGEST_RETRY);
  }

  #setLive(live: boolean): void {
    if (live) this.#retry = FIRST_RETRY;
    if (live !== this.#live) {
      this.#live = live;
      this.#listener.liveChanged();
    } else if (live) {
      // Joined anew before it was noticed that hints had ended.
      this.#listener.hint(undefined);
    }
  }

  #drop(): void {
    const channel = this.#channel;
    this.#channel = undefined;
    this.#live = false;
    if (channel !== undefined) void this.#client.removeChannel?.(channel);
  }
}

/** Realtime has them as numbers, which may be rounded: good enough to tell what is old from what may be new. */
function seqOf({ seq }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof seq === "number" && Number.isSafeInteger(seq) ? String(seq) : undefined;
}
