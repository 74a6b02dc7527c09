import {
  type AdapterContext,
  afterPrefix,
  type HistoryLimits,
  type ListRange,
  type Ports,
  type ReadOptions,
  type RecordHeader,
  StorageError,
  type StoredRecord,
  type StoredStream,
  type Version,
} from "@holdfast/core";
import { fromBase64 } from "./base64.js";
import { Bodies } from "./bodies.js";
import { Connection } from "./connection.js";
import { Feed } from "./feed.js";
import { FeedWatcher } from "./feed-watcher.js";
import { missingObject } from "./missing-object.js";
import type { CompleteOptions } from "./options.js";
import { reindex } from "./reindex.js";
import { retried } from "./retried.js";
import { Search } from "./search.js";
import { toHeader, toInlineRecord, type WireHeader, type WireRecord } from "./wire.js";
import { Writes } from "./writes.js";

/** The number of the tables and functions that this version of the adapter works with. */
const LAYOUT = 1;
const LIST_PAGE = 1_000;
// What a column of the database can hold.
const MOST_VERSIONS = 2 ** 31 - 1;

interface Opened {
  readonly layout: number;
  readonly store: string;
  readonly epoch: string;
  readonly tokenizer: number;
  readonly lastVersion: Version | null;
  readonly owner: string;
  readonly role: string;
  /** Whether it is the user's own. */
  readonly mine: boolean;
}

/** One store of one user, as an open adapter works with it. */
export class OpenStore {
  readonly connection: Connection;
  readonly ports: Ports;
  readonly store: string;
  /** Whether it is the user's own; of somebody else's, what is shared is there. */
  readonly mine: boolean;
  readonly lastVersion: Version | undefined;
  readonly history: HistoryLimits | false | undefined;
  readonly bodies: Bodies;
  readonly writes: Writes;
  readonly search: Search;
  readonly feed: Feed;
  readonly watcher: FeedWatcher;

  private constructor(connection: Connection, opened: Opened, options: CompleteOptions, context: AdapterContext) {
    const { store, epoch, owner, lastVersion } = opened;
    const { ports, history } = context;
    this.connection = connection;
    this.ports = ports;
    this.store = store;
    this.mine = opened.mine;
    this.lastVersion = lastVersion ?? undefined;
    this.history = history;
    this.bodies = new Bodies(connection, store, owner, ports);
    this.feed = new Feed(connection, store, epoch);
    this.watcher = new FeedWatcher(connection, store, this.feed, ports, options);
    this.writes = new Writes(connection, store, this.bodies, keptOf(history), () => this.watcher.hint());
    this.search = new Search(connection, store);
  }

  static async open(options: CompleteOptions, context: AdapterContext): Promise<OpenStore> {
    const connection = new Connection(options);
    const { store, owner } = options;
    const { tokenizerVersion, history } = context;
    const asked = { p_name: store, p_owner: owner, p_tokenizer: tokenizerVersion, p_keep: keptOf(history) };
    const open = () => connection.call<Opened>("holdfast_open", asked, undefined);
    const opened = await retried(context.ports, open, undefined);
    checkOpened(opened, tokenizerVersion);
    if (opened.tokenizer < tokenizerVersion) {
      if (!opened.mine) throw outdated();
      await reindex(connection, opened.store, context);
    }
    return new OpenStore(connection, opened, options, context);
  }

  async stat(key: string, { now, signal }: ReadOptions): Promise<RecordHeader | undefined> {
    const header = await this.connection.call<WireHeader | null>(
      "holdfast_stat",
      { p_store: this.store, p_key: key, p_now: now },
      signal,
    );
    return header === null ? undefined : toHeader(header);
  }

  /** The living record; with a version, that one, standing or kept. */
  async get(key: string, version: Version | null, options: ReadOptions): Promise<StoredRecord | undefined> {
    for (let last: string | undefined; ; ) {
      const record = await this.find(key, version, options);
      if (record === null) return undefined;
      if (record.parts === null) return toInlineRecord(record);
      const body = await this.bodies.download(record, options.signal);
      if (body !== undefined) return { header: toHeader(record.header), body };
      // An object that is missing twice under the same header was not swept because somebody wrote anew.
      const [header] = record.header;
      const [part] = record.parts;
      if (last === header && part !== undefined) throw missingObject(part.name);
      last = header;
    }
  }

  async readStream(key: string, version: Version | null, options: ReadOptions): Promise<StoredStream | undefined> {
    const record = await this.find(key, version, options);
    if (record === null) return undefined;
    const header = toHeader(record.header);
    return {
      header,
      chunkHashes: fromBase64(record.hashes ?? ""),
      body: this.bodies.stream(record, (part) => this.#lost(header, part, options.now)),
    };
  }

  /** Why a part of a body is not there any more. Throws UNAUTHORIZED's reason when nothing of the store is visible any more. */
  async #lost({ key, version }: RecordHeader, part: string, now: number): Promise<StorageError> {
    const standing = await this.find(key, version, { now, signal: undefined });
    if (standing !== null) return missingObject(part);
    return new StorageError(
      "UNAVAILABLE",
      "the item was replaced, deleted or not shared any more while its body was read: read it again",
      { retryable: false },
    );
  }

  /** As the server tells it. */
  find(key: string, version: Version | null, { now, signal }: ReadOptions): Promise<WireRecord | null> {
    return this.connection.call(
      "holdfast_get",
      { p_store: this.store, p_key: key, p_now: now, p_version: version },
      signal,
    );
  }

  async list({ prefix, after, limit }: ListRange, { now, signal }: ReadOptions): Promise<RecordHeader[]> {
    const headers: RecordHeader[] = [];
    const range = { p_store: this.store, p_from: prefix, p_below: afterPrefix(prefix), p_now: now };
    let from = after ?? null;
    while (headers.length < limit) {
      const asked = { ...range, p_after: from, p_limit: Math.min(limit - headers.length, LIST_PAGE) };
      const page = await this.connection.call<{ items: WireHeader[]; has_more: boolean }>(
        "holdfast_list",
        asked,
        signal,
      );
      for (const item of page.items) headers.push(toHeader(item));
      from = headers.at(-1)?.key ?? null;
      if (!page.has_more) break;
    }
    return headers;
  }

  close(): void {
    this.watcher.stop();
    this.connection.close();
  }
}

/** How many previous versions of an item are kept; null: nothing was said. */
function keptOf(history: HistoryLimits | false | undefined): number | null {
  if (history === undefined) return null;
  return history === false ? 0 : Math.min(history.versions, MOST_VERSIONS);
}

function outdated(): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    "an older Holdfast has built the search index of this store, and only its owner can have it built anew, by opening it",
    { retryable: false },
  );
}

function checkOpened({ layout, tokenizer, role }: Opened, tokenizerVersion: number): void {
  if (layout !== LAYOUT) {
    const advice = layout > LAYOUT ? "update @holdfast/cloud" : "apply the newer migrations of @holdfast/cloud";
    throw new StorageError(
      "UNSUPPORTED",
      `the project has layout ${layout} and this version works with ${LAYOUT}: ${advice}`,
    );
  }
  if (tokenizer > tokenizerVersion) {
    throw new StorageError("UNSUPPORTED", "a newer Holdfast has built the search index of this store: update Holdfast");
  }
  if (role === "service_role" && isBrowser()) {
    throw new StorageError(
      "UNAUTHORIZED",
      "the secret key sees the data of every user and must not be in a browser: use the publishable key and sign in; revoke the secret key if this page has been public",
    );
  }
}

/** A page, or a worker of one: workers of runtimes on servers import no scripts. */
function isBrowser(): boolean {
  return "document" in globalThis || ("WorkerGlobalScope" in globalThis && "importScripts" in globalThis);
}
