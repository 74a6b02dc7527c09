import {
  type AdapterContext,
  type AdapterInfo,
  type Awaitable,
  type CallOptions,
  type Capabilities,
  type Classification,
  countQuery,
  type DeleteCondition,
  type DeleteOutcome,
  type History,
  type ListRange,
  type Maintenance,
  OpenOnce,
  type OpenState,
  type PutCondition,
  type PutOutcome,
  type ReadOptions,
  type RecordHeader,
  SPI_VERSION,
  type StorageAdapter,
  type StorageError,
  type StoredRecord,
  scanQuery,
  type WriteRecord,
} from "@holdfast/core";
import { capabilitiesOf, checkMembers } from "./combined-capabilities.js";
import { countAll, countHeld } from "./count-items.js";
import { keyOf } from "./decide.js";
import { FallbackStore } from "./fallback-store.js";
import { FallbackMember } from "./member.js";
import { type CompleteFallbackOptions, completeFallbackOptions, type FallbackOptions } from "./options.js";
import { type Asking, Primary } from "./primary.js";
import { historyThrough, maintenanceThrough, type OfPrimary } from "./primary-parts.js";
import { AWAY, States } from "./states.js";
import { Gate, KeyTurns } from "./turns.js";
import { unavailable } from "./unavailable.js";
import { WatchRelay } from "./watch-relay.js";
import { Writes } from "./writes.js";

export { FALLBACK_OPTIONS } from "./options.js";

/**
 * One adapter of a primary and those that take over while it is away: the protocol is docs/fallbacks.md.
 *
 * @throws INVALID_OPTION
 */
export function fallbackAdapter(
  primary: StorageAdapter,
  fallbacks: readonly StorageAdapter[],
  options: FallbackOptions = {},
): StorageAdapter {
  checkMembers(primary, fallbacks);
  return new FallbackAdapter(primary, fallbacks, completeFallbackOptions(options));
}

interface Opened extends OpenState {
  close(): Promise<void>;
}

class FallbackAdapter implements StorageAdapter {
  readonly name = "fallback";
  readonly spi = SPI_VERSION;
  readonly capabilities: Capabilities;
  readonly history?: History;
  readonly maintain?: Maintenance;
  readonly batch?: NonNullable<StorageAdapter["batch"]>;
  readonly query?: NonNullable<StorageAdapter["query"]>;
  readonly count?: NonNullable<StorageAdapter["count"]>;
  readonly watch?: NonNullable<StorageAdapter["watch"]>;
  readonly changes?: NonNullable<StorageAdapter["changes"]>;
  readonly lastCursor?: NonNullable<StorageAdapter["lastCursor"]>;
  readonly rewrap?: NonNullable<StorageAdapter["rewrap"]>;
  readonly #primary: Primary;
  readonly #store: FallbackStore;
  readonly #watchers: WatchRelay;
  readonly #turns = new KeyTurns();
  readonly #gate = new Gate();
  readonly #states: States;
  readonly #writes: Writes;
  readonly #opened = new OpenOnce<Opened>("fallback");

  constructor(primary: StorageAdapter, fallbacks: readonly StorageAdapter[], options: CompleteFallbackOptions) {
    this.#primary = new Primary(primary, options.policy);
    this.#store = new FallbackStore(
      fallbacks.map((adapter) => new FallbackMember(adapter)),
      options.whenUnknown,
    );
    this.#watchers = new WatchRelay(this.#primary);
    const parts = { primary: this.#primary, store: this.#store, watchers: this.#watchers };
    this.#states = new States({ ...parts, turns: this.#turns, gate: this.#gate }, options);
    this.#writes = new Writes(this.#primary, this.#store, this.#states, this.#watchers);
    this.capabilities = capabilitiesOf(primary, fallbacks);
    const { batch, query, count, watch, changes, lastCursor, history, maintain, rewrap } = primary;
    if (batch !== undefined && this.capabilities.batch === "atomic") {
      this.batch = (writes, { now, signal }) => {
        const keys = writes.map(keyOf);
        return this.#inTurn(keys, () => this.#writes.batch(writes, keys, now, signal));
      };
    }
    if (query !== undefined) {
      this.query = (parsed, given) =>
        this.#read(
          given,
          (signal) => query.call(primary, parsed, { ...given, signal }),
          () => scanQuery(this.#store.scan(parsed.prefix, given.now), parsed),
        );
    }
    if (count !== undefined) {
      this.count = (parsed, given) =>
        this.#read(
          given,
          (signal) => count.call(primary, parsed, { ...given, signal }),
          () => countQuery(this.#store.scan(parsed.prefix, given.now), parsed),
        );
    }
    if (watch !== undefined) this.watch = (listener) => this.#watchers.add(listener);
    if (lastCursor !== undefined) {
      this.lastCursor = (given) =>
        this.#read(
          given,
          (signal) => lastCursor.call(primary, { signal }),
          // The place at which it came last: nothing behind it has been missed.
          () => Promise.resolve(this.#store.cursor),
        );
    }
    const ofPrimary: OfPrimary = (what, given, work, asking) => this.#ofPrimary(what, given, work, asking);
    if (changes !== undefined) {
      this.changes = (range, given) =>
        ofPrimary("the feed of changes", given, (signal) => changes.call(primary, range, { signal }));
    }
    if (rewrap !== undefined) {
      this.rewrap = (key, version, encryption, given) =>
        this.#inTurn([key], async () => {
          const done = await this.#states.ask(given, (signal) =>
            rewrap.call(primary, key, version, encryption, { signal }),
          );
          if (done === AWAY) throw isAway("the master key of what is stored");
          // Its key may be forgotten by the time that a copy is needed.
          await this.#store.forget(key);
          return done;
        });
    }
    if (history !== undefined) this.history = historyThrough(history, ofPrimary);
    if (maintain !== undefined) this.maintain = maintenanceThrough(maintain, ofPrimary);
  }

  async open(context: AdapterContext): Promise<OpenState> {
    const { lastVersion } = await this.#opened.open(() => this.#open(context));
    return { lastVersion };
  }

  stat(key: string, options: ReadOptions): Promise<RecordHeader | undefined> {
    return this.#read(
      options,
      (signal) => this.#primary.adapter.stat(key, { ...options, signal }),
      () => this.#store.stat(key, options.now),
    );
  }

  get(key: string, options: ReadOptions): Promise<StoredRecord | undefined> {
    // In its turn, so that no copy of what was read covers one of what was written meanwhile.
    return this.#inTurn([key], async () => {
      const get = (signal: AbortSignal) => this.#primary.adapter.get(key, { ...options, signal });
      const record = await this.#states.ask(options, get);
      if (record === AWAY) return this.#store.get(key, options.now);
      if (record === undefined) await this.#store.forget(key);
      else await this.#store.copy(record.header, record.body);
      return record;
    });
  }

  put(record: WriteRecord, condition: PutCondition, { signal }: CallOptions): Promise<PutOutcome> {
    return this.#inTurn([record.header.key], () => this.#writes.put(record, condition, signal));
  }

  delete(key: string, condition: DeleteCondition, { signal }: CallOptions): Promise<DeleteOutcome> {
    return this.#inTurn([key], () => this.#writes.delete(key, condition, signal));
  }

  list(range: ListRange, options: ReadOptions): Promise<RecordHeader[]> {
    return this.#read(
      options,
      (signal) => this.#primary.adapter.list(range, { ...options, signal }),
      () => this.#store.list(range, options.now),
    );
  }

  async info(options: ReadOptions): Promise<AdapterInfo> {
    const { adapter } = this.#primary;
    const about = await this.#read(
      options,
      async (signal) =>
        (await adapter.info?.({ ...options, signal })) ?? (await countAll(adapter, options.now, signal)),
      async () => countHeld(this.#store, options.now),
    );
    const fallbacks = this.#store.members.map((member) => member.adapter.name).join(", ");
    const { mode } = this.#states;
    const state = { mode, waiting: this.#store.waiting, primary: adapter.name, fallbacks };
    return { ...about, details: { ...about.details, ...state } };
  }

  /** Where everything is by then: what waits for the primary stays in the ledger. */
  async flush(options: CallOptions): Promise<void> {
    await this.#store.flush(options.signal);
    const { adapter } = this.#primary;
    if (adapter.flush === undefined) return;
    // It waits for what was written before, however much that is, and says itself when that takes too long.
    await this.#states.ask(options, (signal) => adapter.flush?.({ signal }), { untimed: true });
  }

  classify(error: unknown): Classification | undefined {
    for (const adapter of [this.#primary.adapter, ...this.#store.members.map((member) => member.adapter)]) {
      const known = adapter.classify(error);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#opened.close();
  }

  async #open(context: AdapterContext): Promise<Opened> {
    this.#writes.open();
    const held = await this.#store.open(context);
    try {
      const lastVersion = await this.#states.open(context, held);
      return { lastVersion, close: () => this.#close() };
    } catch (error) {
      await Promise.allSettled([this.#store.close(), this.#primary.close()]);
      throw error;
    }
  }

  async #close(): Promise<void> {
    await this.#states.stop();
    const ends = await Promise.allSettled([this.#watchers.close(), this.#primary.close(), this.#store.close()]);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** Asks the primary, or the fallbacks where it is away. */
  #read<T>(
    options: CallOptions,
    ofPrimary: (signal: AbortSignal) => Awaitable<T>,
    ofStore: () => Promise<T>,
    asking?: Asking,
  ): Promise<T> {
    return this.#gate.pass(async () => {
      const answer = await this.#states.ask(options, ofPrimary, asking);
      return answer === AWAY ? ofStore() : answer;
    });
  }

  #ofPrimary<T>(
    what: string,
    options: CallOptions,
    work: (signal: AbortSignal) => Awaitable<T>,
    asking: Asking | undefined,
  ): Promise<T> {
    const away = async () => {
      throw isAway(what);
    };
    return this.#read(options, work, away, asking);
  }

  #inTurn<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    return this.#gate.pass(() => this.#turns.run(keys, work));
  }
}

function isAway(what: string): StorageError {
  return unavailable(`${what} is the primary's, which is away: try again when it is back`);
}
