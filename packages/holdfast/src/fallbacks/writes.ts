import {
  type AdapterWrite,
  type Awaitable,
  type BatchOutcome,
  type DeleteCondition,
  type DeleteOutcome,
  type PutCondition,
  type PutOutcome,
  type RecordHeader,
  StorageError,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import { hasArrived } from "./arrived.js";
import { bytesOf, versionOf } from "./decide.js";
import type { FallbackStore } from "./fallback-store.js";
import type { Primary } from "./primary.js";
import { AWAY, type States } from "./states.js";
import type { WatchRelay } from "./watch-relay.js";

/** The answer of a primary that was asked and gave none: what it was asked for may have been done. */
const UNANSWERED: unique symbol = Symbol("unanswered");
type NoAnswer = typeof AWAY | typeof UNANSWERED;

/** One write on its way to the primary. */
interface Sending<Outcome> {
  readonly key: string;
  readonly version: Version;
  /** What the primary answers to a second sending of what had arrived. */
  readonly arrived: Outcome;
}

/** Writes, which the primary takes, or else a fallback: "No answer" in docs/fallbacks.md. The caller holds the turns of their keys. */
export class Writes {
  readonly #primary: Primary;
  readonly #store: FallbackStore;
  readonly #states: States;
  readonly #watchers: WatchRelay;
  /** Versions that the primary was asked to take and did not answer, and that no fallback has taken yet. */
  readonly #unanswered = new Set<Version>();

  constructor(primary: Primary, store: FallbackStore, states: States, watchers: WatchRelay) {
    this.#primary = primary;
    this.#store = store;
    this.#states = states;
    this.#watchers = watchers;
  }

  /** Forgets what it knew of an earlier opening. */
  open(): void {
    this.#unanswered.clear();
  }

  async put(record: WriteRecord, condition: PutCondition, signal: AbortSignal | undefined): Promise<PutOutcome> {
    const { key, version } = record.header;
    const { expect, now } = condition;
    const sending: Sending<PutOutcome> = { key, version, arrived: { outcome: "stale", floor: version } };
    const put = (both: AbortSignal) => this.#primary.adapter.put(record, condition, { signal: both });
    const outcome = await this.#send(sending, signal, put, record.body.byteLength);
    if (isNoAnswer(outcome)) return this.#takeOne<PutOutcome>({ type: "put", record, expect }, now, signal, outcome);
    const header = outcome.outcome === "written" ? outcome.header : await this.#landed(outcome, record.header, signal);
    if (header !== undefined) await this.#store.copy(header, record.body);
    else await this.#store.forget(key);
    return outcome;
  }

  async delete(key: string, condition: DeleteCondition, signal: AbortSignal | undefined): Promise<DeleteOutcome> {
    const { version, expect, now } = condition;
    const sending: Sending<DeleteOutcome> = { key, version, arrived: { outcome: "absent", tombstone: version } };
    const outcome = await this.#send(sending, signal, (both) =>
      this.#primary.adapter.delete(key, condition, { signal: both }),
    );
    if (isNoAnswer(outcome)) {
      return this.#takeOne<DeleteOutcome>({ type: "delete", key, version, expect }, now, signal, outcome);
    }
    await this.#store.forget(key);
    return outcome;
  }

  /** `keys` are those of the writes, in the same order. */
  async batch(
    writes: readonly AdapterWrite[],
    keys: readonly string[],
    now: number,
    signal: AbortSignal | undefined,
  ): Promise<BatchOutcome> {
    const { adapter } = this.#primary;
    const noAnswer = this.#states.mode === "primary" ? UNANSWERED : AWAY;
    // Once: what a second one answers cannot be told from somebody else's doing.
    const once = (both: AbortSignal) => adapter.batch?.(writes, { now, signal: both }) as Awaitable<BatchOutcome>;
    const outcome = await this.#states.ask({ signal }, once, { retries: 0, bytes: bytesOf(writes) });
    if (outcome === AWAY) return this.#take(writes, now, signal, noAnswer);
    if (outcome.outcome !== "applied") return outcome;
    for (const [index, write] of writes.entries()) {
      const result = outcome.results[index];
      if (write.type === "put" && result?.outcome === "written") {
        await this.#store.copy(result.header, write.record.body);
      } else await this.#store.forget(keys[index] as string);
    }
    return outcome;
  }

  /** One put or delete of the primary. A refusal that is met after a try without an answer may be of its own effect. */
  async #send<Outcome extends PutOutcome | DeleteOutcome>(
    { key, version, arrived: itArrived }: Sending<Outcome>,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Awaitable<Outcome>,
    bytes = 0,
  ): Promise<Outcome | NoAnswer> {
    const after = this.#store.cursor;
    // Core may ask again for what a fallback failed to take.
    let tries = this.#unanswered.delete(version) ? 1 : 0;
    const counted = (both: AbortSignal) => {
      tries++;
      return work(both);
    };
    const outcome = await this.#states.ask({ signal }, counted, { bytes });
    if (outcome === AWAY) return tries === 0 ? AWAY : UNANSWERED;
    if (tries === 1) return outcome;
    if (outcome.outcome !== "conflict" && (outcome.outcome !== "stale" || outcome.floor === version)) return outcome;
    const ask = async <T>(question: (signal: AbortSignal) => Awaitable<T>) => {
      const answer = await this.#states.ask({ signal }, question);
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
    const now = this.#states.now();
    const stat = (both: AbortSignal) => this.#primary.adapter.stat(key, { now, signal: both });
    const header = await this.#states.ask({ signal }, stat);
    return header !== AWAY && header?.version === version ? header : undefined;
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
    if (outcome.outcome === "refused" && noAnswer === UNANSWERED && !isOwn(outcome, writes)) throw unknownOutcome();
    for (const change of taken) this.#watchers.announce(change);
    return outcome;
  }
}

/** What stands in the way is the very write, which a fallback took before and could not answer. */
function isOwn(
  { index, reason }: Extract<BatchOutcome, { outcome: "refused" }>,
  writes: readonly AdapterWrite[],
): boolean {
  const write = writes[index];
  return write !== undefined && reason.outcome === "stale" && reason.floor === versionOf(write);
}

function isNoAnswer(outcome: object | NoAnswer): outcome is NoAnswer {
  return outcome === AWAY || outcome === UNANSWERED;
}

function unknownOutcome(current?: Version | null): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    "the primary did not answer, and was changed by somebody else meanwhile, so the outcome is unknown; load it again and decide anew",
    { retryable: false, current },
  );
}
