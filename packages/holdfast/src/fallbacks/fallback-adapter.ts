import {
  type AdapterContext,
  type AdapterInfo,
  type AdapterWrite,
  type Awaitable,
  type BatchOutcome,
  type CallOptions,
  type Capabilities,
  type Classification,
  countQuery,
  type DeleteCondition,
  type DeleteOutcome,
  type History,
  type ListRange,
  type Maintenance,
  type OpenState,
  type PutCondition,
  type PutOutcome,
  type ReadOptions,
  type RecordHeader,
  SPI_VERSION,
  type StorageAdapter,
  StorageError,
  type StoredRecord,
  scanQuery,
  type Version,
  VersionClock,
  type WriteRecord,
} from "@holdfast/core";
import { hasArrived } from "./arrived.js";
import { capabilitiesOf, checkMembers } from "./combined-capabilities.js";
import { countAll, countHeld } from "./count-items.js";
import { versionOf } from "./decide.js";
import { FallbackStore, PROBE_KEY } from "./fallback-store.js";
import { Health } from "./health.js";
import { FallbackMember } from "./member.js";
import {
  type CompleteFallbackOptions,
  completeFallbackOptions,
  type FallbackMode,
  type FallbackOptions,
} from "./options.js";
import { awayError, Primary } from "./primary.js";
import { historyThrough, maintenanceThrough, type OfPrimary } from "./primary-parts.js";
import { type ReplayContext, replay } from "./replay.js";
import { Gate, KeyTurns } from "./turns.js";
import { unavailable } from "./unavailable.js";
import { WatchRelay } from "./watch-relay.js";

// Entries that come while others are replayed are waited for only so often; then calls wait for them.
const ROUNDS = 3;

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
  readonly #primary: Primary;
  readonly #options: CompleteFallbackOptions;
  readonly #turns = new KeyTurns();
  readonly #gate = new Gate();
  readonly #health: Health;
  readonly #store: FallbackStore;
  readonly #watchers: WatchRelay;
  /** Versions that the primary was asked to take and did not answer, and that no fallback has taken yet. */
  readonly #unanswered = new Set<Version>();
  #mode: FallbackMode = "primary";
  #context: AdapterContext | undefined;
  #clock: VersionClock | undefined;
  #recovering: Promise<void> | undefined;
  #closing = false;

  constructor(primary: StorageAdapter, fallbacks: readonly StorageAdapter[], options: CompleteFallbackOptions) {
    this.#options = options;
    this.#primary = new Primary(primary, options.policy);
    this.#store = new FallbackStore(
      fallbacks.map((adapter) => new FallbackMember(adapter)),
      options.whenUnknown,
    );
    this.#health = new Health(
      options.policy,
      () => this.#probe(),
      () => {
        this.#recovering = this.#recover().finally(() => {
          this.#recovering = undefined;
        });
      },
    );
    this.capabilities = capabilitiesOf(primary, fallbacks);
    const { batch, query, count, watch, changes, lastCursor, history, maintain } = primary;
    if (batch !== undefined && this.capabilities.batch === "atomic") this.batch = (...given) => this.#batch(...given);
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
    this.#watchers = new WatchRelay(this.#primary);
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
    const ofPrimary: OfPrimary = (what, given, work) => this.#ofPrimary(what, given, work);
    if (changes !== undefined) {
      this.changes = (range, given) =>
        ofPrimary("the feed of changes", given, (signal) => changes.call(primary, range, { signal }));
    }
    if (history !== undefined) this.history = historyThrough(history, ofPrimary);
    if (maintain !== undefined) this.maintain = maintenanceThrough(maintain, ofPrimary);
  }

  async open(context: AdapterContext): Promise<OpenState> {
    this.#context = context;
    this.#clock = new VersionClock(context.ports);
    this.#closing = false;
    this.#mode = "primary";
    this.#unanswered.clear();
    this.#health.start(context.ports);
    let lastVersion = await this.#store.open(context);
    try {
      const opened = await this.#primary.open(context);
      if ("away" in opened) this.#leave(opened.away.message);
      else {
        const seen = opened.value?.lastVersion;
        if (seen !== undefined && (lastVersion === undefined || seen > lastVersion)) lastVersion = seen;
        await this.#begin();
      }
    } catch (error) {
      this.#health.stop();
      await Promise.allSettled([this.#store.close(), this.#primary.close()]);
      throw error;
    }
    if (lastVersion !== undefined) this.#clock.observe(lastVersion);
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
    return this.#gate.pass(() =>
      // In its turn, so that no copy of what was read covers one of what was written meanwhile.
      this.#turns.run([key], async () => {
        const record = await this.#ask(options, (signal) => this.#primary.adapter.get(key, { ...options, signal }));
        if (record === AWAY) return this.#store.get(key, options.now);
        if (record === undefined) await this.#store.forgetCopy(key);
        else await this.#store.copy(record.header, record.body);
        return record;
      }),
    );
  }

  put(record: WriteRecord, condition: PutCondition, { signal }: CallOptions): Promise<PutOutcome> {
    const { key, version } = record.header;
    const { expect, now } = condition;
    return this.#write([key], async () => {
      const sending = { key, version, arrived: { outcome: "stale", floor: version } as PutOutcome };
      const outcome = await this.#send(sending, signal, (both) =>
        this.#primary.adapter.put(record, condition, { signal: both }),
      );
      if (isNoAnswer(outcome)) {
        return this.#takeOne<PutOutcome>({ type: "put", record, expect }, now, signal, outcome);
      }
      const header =
        outcome.outcome === "written" ? outcome.header : await this.#landed(outcome, record.header, signal);
      if (header !== undefined) await this.#store.copy(header, record.body);
      else await this.#store.forget(key);
      return outcome;
    });
  }

  delete(key: string, condition: DeleteCondition, { signal }: CallOptions): Promise<DeleteOutcome> {
    const { version, expect, now } = condition;
    return this.#write([key], async () => {
      const sending = { key, version, arrived: { outcome: "absent", tombstone: version } as DeleteOutcome };
      const outcome = await this.#send(sending, signal, (both) =>
        this.#primary.adapter.delete(key, condition, { signal: both }),
      );
      if (isNoAnswer(outcome)) {
        return this.#takeOne<DeleteOutcome>({ type: "delete", key, version, expect }, now, signal, outcome);
      }
      await this.#store.forget(key);
      return outcome;
    });
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
    const state = { mode: this.#mode, waiting: this.#store.waiting, primary: adapter.name, fallbacks };
    return { ...about, details: { ...about.details, ...state } };
  }

  /** Where everything is by then: what waits for the primary stays in the ledger. */
  async flush(options: CallOptions): Promise<void> {
    await this.#store.flush(options.signal);
    const { adapter } = this.#primary;
    if (adapter.flush !== undefined) await this.#ask(options, (signal) => adapter.flush?.({ signal }));
  }

  classify(error: unknown): Classification | undefined {
    for (const adapter of [this.#primary.adapter, ...this.#store.members.map((member) => member.adapter)]) {
      const known = adapter.classify(error);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#health.stop();
    await this.#recovering;
    const ends = await Promise.allSettled([this.#watchers.close(), this.#primary.close(), this.#store.close()]);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  #batch(
    writes: readonly AdapterWrite[],
    { now, signal }: CallOptions & { readonly now: number },
  ): Promise<BatchOutcome> {
    const keys = writes.map((write) => (write.type === "put" ? write.record.header.key : write.key));
    return this.#write(keys, async () => {
      const { adapter } = this.#primary;
      // Once: what a second one answers cannot be told from somebody else's doing.
      const once = (both: AbortSignal) => adapter.batch?.(writes, { now, signal: both }) as Awaitable<BatchOutcome>;
      const noAnswer = this.#mode === "primary" ? UNANSWERED : AWAY;
      const outcome = await this.#ask({ signal }, once, 0);
      if (outcome === AWAY) return this.#take(writes, now, signal, noAnswer);
      for (const [index, write] of writes.entries()) {
        const result = outcome.outcome === "applied" ? outcome.results[index] : undefined;
        if (write.type === "put" && result?.outcome === "written")
          await this.#store.copy(result.header, write.record.body);
        else if (outcome.outcome === "applied") await this.#store.forget(keys[index] as string);
      }
      return outcome;
    });
  }

  /** Asks the primary, or the fallbacks where it is away. */
  #read<T>(
    options: CallOptions,
    ofPrimary: (signal: AbortSignal) => Awaitable<T>,
    ofStore: () => Promise<T>,
  ): Promise<T> {
    return this.#gate.pass(async () => {
      const answer = await this.#ask(options, ofPrimary);
      return answer === AWAY ? ofStore() : answer;
    });
  }

  #ofPrimary<T>(what: string, options: CallOptions, work: (signal: AbortSignal) => Awaitable<T>): Promise<T> {
    return this.#read(options, work, async () => {
      throw unavailable(`${what} is the primary's, which is away: try again when it is back`);
    });
  }

  #write<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    return this.#gate.pass(() => this.#turns.run(keys, work));
  }

  /** One put or delete of the primary. A refusal that is met after a try without an answer may be of its own effect. */
  async #send<Outcome extends PutOutcome | DeleteOutcome>(
    {
      key,
      version,
      arrived: itArrived,
    }: { readonly key: string; readonly version: Version; readonly arrived: Outcome },
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Awaitable<Outcome>,
  ): Promise<Outcome | NoAnswer> {
    const after = this.#store.cursor;
    // Core may ask again for what a fallback failed to take.
    let tries = this.#unanswered.delete(version) ? 1 : 0;
    const outcome = await this.#ask({ signal }, (both) => {
      tries++;
      return work(both);
    });
    if (outcome === AWAY) return tries === 0 ? AWAY : UNANSWERED;
    if (tries === 1) return outcome;
    if (outcome.outcome !== "conflict" && (outcome.outcome !== "stale" || outcome.floor === version)) return outcome;
    const ask = async <T>(question: (signal: AbortSignal) => Awaitable<T>) => {
      const answer = await this.#ask({ signal }, question);
      if (answer === AWAY) throw unknownOutcome();
      return answer;
    };
    const arrived = await hasArrived(this.#primary.adapter, ask, { keys: [key], version, after });
    if (arrived) return itArrived;
    // An unconditional save is written again where nobody can tell: seen twice is better than lost.
    if (arrived === undefined && outcome.outcome === "conflict") throw unknownOutcome(outcome.current?.version ?? null);
    return outcome;
  }

  /** The header of a record that stands since an earlier try to put it. */
  async #landed(
    outcome: PutOutcome,
    { key, version }: RecordHeader,
    signal: AbortSignal | undefined,
  ): Promise<RecordHeader | undefined> {
    if (outcome.outcome !== "stale" || outcome.floor !== version) return undefined;
    const now = this.#now();
    const header = await this.#ask({ signal }, (both) => this.#primary.adapter.stat(key, { now, signal: both }));
    return header !== AWAY && header?.version === version ? header : undefined;
  }

  async #ask<T>(
    { signal }: CallOptions,
    work: (signal: AbortSignal) => Awaitable<T>,
    retries?: number,
  ): Promise<T | typeof AWAY> {
    if (this.#mode !== "primary") return AWAY;
    const answer = await this.#primary.ask(work, signal, retries);
    if ("value" in answer) return answer.value;
    this.#leave(answer.away.message);
    return AWAY;
  }

  /** What a batch of one answers is what the write alone answers. */
  async #takeOne<Outcome>(
    write: AdapterWrite,
    now: number,
    signal: AbortSignal | undefined,
    noAnswer: NoAnswer,
  ): Promise<Outcome> {
    if (noAnswer === UNANSWERED) this.#unanswered.add(versionOf(write));
    const outcome = await this.#take([write], now, signal, noAnswer);
    this.#unanswered.delete(versionOf(write));
    return (outcome.outcome === "applied" ? outcome.results[0] : outcome.reason) as Outcome;
  }

  async #take(
    writes: readonly AdapterWrite[],
    now: number,
    signal: AbortSignal | undefined,
    noAnswer: NoAnswer,
  ): Promise<BatchOutcome> {
    const { outcome, taken } = await this.#store.take(writes, now, signal);
    // It may have arrived in the primary: whoever is told that it did not would do it a second time.
    if (outcome.outcome === "refused" && noAnswer === UNANSWERED) throw unknownOutcome();
    for (const change of taken) this.#watchers.announce(change);
    return outcome;
  }

  /** Goes over to the fallbacks. */
  #leave(reason: string): void {
    if (this.#mode === "fallback") return;
    this.#become("fallback", reason);
    this.#health.lost();
  }

  #become(mode: FallbackMode, reason: string): void {
    this.#mode = mode;
    this.#options.tell({ type: "mode", mode, reason, waiting: this.#store.waiting });
  }

  async #probe(): Promise<boolean> {
    try {
      const opened = await this.#primary.open(this.#opened);
      if ("away" in opened) return false;
      const now = this.#now();
      const answer = await this.#primary.once(
        (signal) => this.#primary.adapter.stat(PROBE_KEY, { now, signal }),
        undefined,
      );
      return "value" in answer;
    } catch {
      // It is there, and cannot be used: that is for a person to mend, and is seen in `mode`.
      return false;
    }
  }

  /** Replays what waits, and goes back to the primary when nothing does any more. */
  async #recover(): Promise<void> {
    this.#become("recovering", `${this.#primary.adapter.name} answers again`);
    try {
      await this.#greet();
      for (let round = 0; round < ROUNDS && this.#store.waiting > 0; round++) await replay(this.#replayContext());
      await this.#gate.alone(async () => {
        // What another process of the app took meanwhile is its own to replay.
        while (!(await replay(this.#replayContext())));
        this.#store.nothingWaits();
        this.#become("primary", "everything that waited has been replayed");
      });
    } catch (error) {
      this.#leave(error instanceof Error ? error.message : String(error));
    }
  }

  #replayContext(): ReplayContext {
    const { termsOf } = this.#opened;
    return {
      primary: this.#primary.adapter,
      store: this.#store,
      turns: this.#turns,
      clock: this.#clock as VersionClock,
      now: () => this.#now(),
      termsOf,
      tell: this.#options.tell,
      ask: async (work) => {
        if (this.#closing) throw new StorageError("CLOSED", "this storage is being closed");
        const answer = await this.#primary.once(work, undefined);
        if ("away" in answer) throw answer.away;
        return answer.value;
      },
    };
  }

  /** Before anything is served, so that what waits is never missed. */
  async #begin(): Promise<void> {
    if (this.#store.waiting > 0) return this.#recover();
    try {
      await this.#greet();
    } catch (error) {
      const away = awayError(this.#primary.adapter, error);
      if (away === undefined) throw error;
      this.#leave(away.message);
    }
  }

  /** To be done each time the primary has come, before anything is sent to it. */
  async #greet(): Promise<void> {
    if (this.#primary.adapter.lastCursor !== undefined) {
      const cursor = await this.#primary.once((signal) => this.#primary.adapter.lastCursor?.({ signal }), undefined);
      if ("away" in cursor) throw cursor.away;
      this.#store.cursor = cursor.value;
    }
    await this.#watchers.start();
  }

  get #opened(): AdapterContext {
    if (this.#context === undefined) throw new StorageError("INTERNAL", "asked before it was opened");
    return this.#context;
  }

  #now(): number {
    return Math.floor(this.#opened.ports.clock.now());
  }
}

/** The answer of a primary that was not asked, since it is away. */
const AWAY: unique symbol = Symbol("away");
/** The answer of a primary that was asked and gave none: what it was asked for may have been done. */
const UNANSWERED: unique symbol = Symbol("unanswered");
type NoAnswer = typeof AWAY | typeof UNANSWERED;

function isNoAnswer(outcome: object | NoAnswer): outcome is NoAnswer {
  return outcome === AWAY || outcome === UNANSWERED;
}

function unknownOutcome(current?: Version | null): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    "the primary did not answer, and was changed by somebody else meanwhile, so the outcome is unknown. Load it again and decide anew",
    { retryable: false, current },
  );
}
