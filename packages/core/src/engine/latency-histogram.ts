import type { Latencies } from "../contract/operations.js";

// Buckets grow by 2^(1/16) = 4.4 %, from 1 µs over 32 doublings: 71 minutes. What is beyond either end goes into the last one there.
const PER_DOUBLING = 16;
const BUCKETS = 32 * PER_DOUBLING;
const MICROSECONDS = 1_000;

/** Durations in bounded memory: how many fell into each of a fixed number of buckets. */
export class LatencyHistogram {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #total = 0;
  #max = 0;

  add(milliseconds: number): void {
    this.#count++;
    this.#total += milliseconds;
    if (milliseconds > this.#max) this.#max = milliseconds;
    const bucket = bucketOf(milliseconds);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
  }

  get count(): number {
    return this.#count;
  }

  read(): Latencies {
    return {
      total: this.#total,
      p50: this.#percentile(0.5),
      p95: this.#percentile(0.95),
      p99: this.#percentile(0.99),
      max: this.#max,
    };
  }

  /** The upper end of the bucket that holds the smallest duration which a share of `fraction` of all does not exceed. */
  #percentile(fraction: number): number {
    const rank = Math.max(1, Math.ceil(fraction * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS - 1; bucket++) {
      seen += this.#buckets[bucket] ?? 0;
      if (seen >= rank) return Math.min(upperEnd(bucket), this.#max);
    }
    return this.#max;
  }
}

function bucketOf(milliseconds: number): number {
  const microseconds = milliseconds * MICROSECONDS;
  if (microseconds <= 1) return 0;
  return Math.min(Math.floor(Math.log2(microseconds) * PER_DOUBLING), BUCKETS - 1);
}

function upperEnd(bucket: number): number {
  return 2 ** ((bucket + 1) / PER_DOUBLING) / MICROSECONDS;
}
