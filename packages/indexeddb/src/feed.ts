import type { AdapterChange, FeedPage, FeedRange } from "@holdfast/core";
import type { Connection } from "./connection.js";
import type { FeedReader } from "./feed-reader.js";
import type { FeedRow } from "./layout.js";

/** Tells of commits: other tabs, and whoever reads the feed here. What reads it is loaded for the first who asks. */
export class Feed {
  readonly #connection: Connection;
  readonly #channel: BroadcastChannel;
  #loading: Promise<FeedReader> | undefined;
  #reader: FeedReader | undefined;

  constructor(connection: Connection, name: string) {
    this.#connection = connection;
    // Says no more than that there is something new: what is told is read from the feed.
    this.#channel = new BroadcastChannel(`holdfast:${name}`);
    this.#channel.onmessage = () => this.#reader?.catchUp();
  }

  /** A commit is under way: other tabs that now read the feed read behind it. */
  committing(): void {
    this.#channel.postMessage(0);
  }

  committed(sequence: number, row: FeedRow, alone: boolean): void {
    this.#reader?.committed(sequence, row, alone);
  }

  async watch(listener: (change: AdapterChange) => void): Promise<() => void> {
    return (await this.#load()).watch(listener);
  }

  async changes(range: FeedRange): Promise<FeedPage> {
    return (await this.#load()).changes(range);
  }

  async lastCursor(): Promise<string> {
    return (await this.#load()).lastCursor();
  }

  close(): void {
    this.#reader?.close();
    this.#channel.close();
  }

  #load(): Promise<FeedReader> {
    this.#loading ??= import("./feed-reader.js").then(({ FeedReader }) => {
      this.#reader = new FeedReader(this.#connection);
      return this.#reader;
    });
    return this.#loading;
  }
}
