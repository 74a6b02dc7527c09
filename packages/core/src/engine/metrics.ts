import type { OperationOutcome, StorageMetrics } from "../contract/operations.js";
import { LatencyHistogram } from "./latency-histogram.js";
import type { Ended } from "./tally.js";

/** Counters of one open storage. Bounded: names of operations and outcomes are few, and a histogram has a fixed size. */
export class Metrics {
  readonly #adapter: string;
  readonly #since: number;
  readonly #operations = new Map<string, Counters>();

  /** `since`: milliseconds since 1970. */
  constructor(adapter: string, since: number) {
    this.#adapter = adapter;
    this.#since = since;
  }

  count({ op, bytes, milliseconds, outcome, retries }: Ended): void {
    let counters = this.#operations.get(op);
    if (counters === undefined) {
      counters = { bytes: 0, retries: 0, errors: new Map(), latencies: new LatencyHistogram() };
      this.#operations.set(op, counters);
    }
    counters.bytes += bytes;
    counters.retries += retries;
    counters.latencies.add(milliseconds);
    if (outcome !== "ok") counters.errors.set(outcome, (counters.errors.get(outcome) ?? 0) + 1);
  }

  read(): StorageMetrics {
    const operations: StorageMetrics["operations"] = {};
    for (const [op, { bytes, retries, errors, latencies }] of this.#operations) {
      operations[op] = {
        count: latencies.count,
        errors: Object.fromEntries(errors),
        bytes,
        retries,
        milliseconds: latencies.read(),
      };
    }
    return { adapter: this.#adapter, since: new Date(this.#since), operations };
  }
}

interface Counters {
  bytes: number;
  retries: number;
  readonly errors: Map<OperationOutcome, number>;
  readonly latencies: LatencyHistogram;
}
