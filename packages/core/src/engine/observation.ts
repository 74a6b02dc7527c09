import { platform } from "#platform";
import { chain, isPromise } from "../awaitable.js";
import { toUtf8 } from "../codec/text.js";
import type { OperationEvent, OperationOutcome, StorageMetrics } from "../contract/operations.js";
import { StorageError } from "../errors.js";
import type { OperationChannel } from "../platform/platform.js";
import type { Clock } from "../ports.js";
import type { Awaitable } from "../spi/index.js";
import type { Operation } from "./failure.js";
import type { Metrics } from "./metrics.js";
import { notify } from "./notify.js";
import type { CompleteSettings } from "./settings.js";
import type { Ended, Tally } from "./tally.js";

const HASH_DIGITS = 16;
const NO_CHANNEL: OperationChannel = { hasSubscribers: false, publish: () => undefined };

/** Measures the operations of one open storage for whoever asked: a listener, the metrics, the platform's channel. */
export class Observation {
  readonly #adapter: string;
  readonly #settings: CompleteSettings;
  readonly #metrics: Metrics | undefined;
  readonly #channel: OperationChannel;
  readonly #someone: { readonly hasSubscribers: boolean };

  constructor(
    adapter: string,
    settings: CompleteSettings,
    metrics: Metrics | undefined,
    channel: OperationChannel = NO_CHANNEL,
  ) {
    this.#adapter = adapter;
    this.#settings = settings;
    this.#metrics = metrics;
    this.#channel = channel;
    const asked = settings.onOperation !== undefined || metrics !== undefined;
    this.#someone = asked ? { hasSubscribers: true } : channel;
  }

  /** Whether anybody wants to know: all that an operation costs when nobody does. */
  get wanted(): boolean {
    return this.#someone.hasSubscribers;
  }

  get metrics(): StorageMetrics | undefined {
    return this.#metrics?.read();
  }

  /** Runs `work` with an operation that counts, and tells how it ended. `prefix` stands before its key in the store. */
  observe<T>(operation: Operation, prefix: string, work: (operation: Operation) => Promise<T>): Promise<T> {
    const { clock } = this.#settings.ports;
    const tally: Tally = operation.tally ?? { bytes: 0, retries: 0 };
    const start = elapsed(clock);
    const end = (outcome: OperationOutcome) => {
      const milliseconds = Math.max(0, elapsed(clock) - start);
      const { bytes, retries } = tally;
      this.#tell({ op: operation.name, bytes, retries, milliseconds, outcome }, operation.key, prefix);
    };
    const result = work({ ...operation, tally });
    result.then(
      () => end("ok"),
      (error: unknown) => end(StorageError.is(error) && !tally.isCallers ? error.code : "CALLER"),
    );
    return result;
  }

  #tell(ended: Ended, key: string | undefined, prefix: string): void {
    this.#metrics?.count(ended);
    const { onOperation, operationKeys } = this.#settings;
    if (onOperation === undefined && !this.#channel.hasSubscribers) return;
    const subject = key === undefined || operationKeys === "none" ? {} : describeKey(prefix + key, operationKeys);
    void chain(subject, (named) => {
      const { op, ...rest } = ended;
      const event: OperationEvent = { op, adapter: this.#adapter, ...named, ...rest };
      if (this.#channel.hasSubscribers) this.#channel.publish(event);
      if (onOperation !== undefined) notify(onOperation, event);
    });
  }
}

function describeKey(key: string, how: "plain" | "hash"): Awaitable<Pick<OperationEvent, "key" | "keyHash">> {
  if (how === "plain") return { key };
  const hash = platform.sha256(toUtf8(key));
  if (!isPromise(hash)) return shortened(hash);
  // Where there is no Web Crypto every operation fails and says so; that has to be told as well, if without a key.
  return hash.then(shortened, () => ({}));
}

function shortened(hash: string): Pick<OperationEvent, "keyHash"> {
  return { keyHash: hash.slice(0, HASH_DIGITS) };
}

/** Milliseconds since some instant. */
function elapsed(clock: Clock): number {
  return clock.elapsed === undefined ? clock.now() : clock.elapsed();
}
