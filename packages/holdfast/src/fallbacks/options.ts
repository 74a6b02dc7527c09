import { describeValue, StorageError } from "@holdfast/core";

/**
 * `primary`: it answers; `fallback`: it is away and the fallbacks answer; `recovering`: they still do, while what waited is
 * replayed.
 */
export type FallbackMode = "primary" | "fallback" | "recovering";

/** What happens between a primary and its fallbacks. */
export type FallbackEvent =
  | {
      readonly type: "mode";
      readonly mode: FallbackMode;
      /** What led to it, for people. */
      readonly reason: string;
      /** Keys whose last write waits for the primary. */
      readonly waiting: number;
    }
  | {
      /** A write that waited met another one in the primary. */
      readonly type: "conflict";
      readonly key: string;
      /** Of the write that waited. */
      readonly version: string;
      /** Of what stands in the primary; null: nothing did. */
      readonly current: string | null;
      /** The key under which the content of the write is kept; absent for a deletion, which was dropped. */
      readonly keptAs?: string;
    };

/** When a primary counts as away, and when as back. */
export interface FallbackRetryPolicy {
  /** How often a call to the primary is repeated before a fallback takes over. Default: 2. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first repetition, doubled for each further one. Default: 50. */
  readonly minDelay?: number | undefined;
  /** Milliseconds. Default: 1,000. */
  readonly maxDelay?: number | undefined;
  /** Milliseconds without an answer after which the primary counts as away. Default: 10,000. */
  readonly timeout?: number | undefined;
  /** Milliseconds from the moment at which the primary went away to the first probe, doubled for each that fails. Default: 1,000. */
  readonly probeDelay?: number | undefined;
  /** Milliseconds. Default: 60,000. */
  readonly maxProbeDelay?: number | undefined;
  /** Probes in a row that must succeed before writes are replayed. Default: 2. */
  readonly successes?: number | undefined;
}

/** How fallbacks stand in. */
export interface FallbackOptions {
  /** Default: each of its parts has its own. */
  readonly retryPolicy?: FallbackRetryPolicy | undefined;
  /**
   * What is answered, while the primary is away, about keys that no fallback holds. `unavailable`: that it cannot be told;
   * `absent`: as if the fallbacks held all there is. Default: `unavailable`.
   */
  readonly whenUnknown?: "unavailable" | "absent" | undefined;
  /** An error that it throws is reported as uncaught. */
  readonly onFallback?: ((event: FallbackEvent) => void) | undefined;
}

export type CompletePolicy = { readonly [Name in keyof Required<FallbackRetryPolicy>]: number };

export interface CompleteFallbackOptions {
  readonly policy: CompletePolicy;
  readonly whenUnknown: "unavailable" | "absent";
  readonly tell: (event: FallbackEvent) => void;
}

const DEFAULT_POLICY: CompletePolicy = {
  retries: 2,
  minDelay: 50,
  maxDelay: 1_000,
  timeout: 10_000,
  probeDelay: 1_000,
  maxProbeDelay: 60_000,
  successes: 2,
};
// What a timer can hold.
const MOST = 2 ** 31 - 1;

/** Of `FallbackOptions`. */
export const FALLBACK_OPTIONS: readonly string[] = ["retryPolicy", "whenUnknown", "onFallback"];

/** Throws INVALID_OPTION. */
export function completeFallbackOptions(options: FallbackOptions): CompleteFallbackOptions {
  const given: unknown = options;
  if (typeof given !== "object" || given === null) throw invalid("options of fallbacks are an object");
  const unknown = Object.keys(given).find((name) => !FALLBACK_OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw invalid(`fallbacks have no ${JSON.stringify(unknown)}; they have ${FALLBACK_OPTIONS.join(", ")}`);
  }
  const { retryPolicy = {}, whenUnknown = "unavailable", onFallback } = options;
  if (typeof retryPolicy !== "object" || retryPolicy === null) throw invalid("retryPolicy is an object");
  const policy: Record<string, number> = { ...DEFAULT_POLICY };
  for (const [name, value] of Object.entries(retryPolicy)) {
    if (!Object.hasOwn(DEFAULT_POLICY, name)) {
      throw invalid(`retryPolicy has no ${JSON.stringify(name)}; it has ${Object.keys(DEFAULT_POLICY).join(", ")}`);
    }
    if (value === undefined) continue;
    const least = name === "retries" || name === "minDelay" || name === "maxDelay" ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least || value > MOST) {
      throw invalid(`retryPolicy.${name} is a whole number from ${least} to ${MOST}, not ${describeValue(value)}`);
    }
    policy[name] = value;
  }
  if (whenUnknown !== "unavailable" && whenUnknown !== "absent") {
    throw invalid(`whenUnknown is "unavailable" or "absent", not ${describeValue(whenUnknown)}`);
  }
  if (onFallback !== undefined && typeof onFallback !== "function") throw invalid("onFallback is a function");
  return {
    // Every name of the defaults is there.
    policy: policy as unknown as CompletePolicy,
    whenUnknown,
    // Later, so that what a listener throws is nobody's failure but its own.
    tell: (event) => onFallback && queueMicrotask(() => onFallback(event)),
  };
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message);
}
