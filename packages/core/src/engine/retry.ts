import pRetry from "p-retry";
import type { StorageError } from "../errors.js";
import { type Ports, sleep } from "../ports.js";
import type { RetryPolicy } from "./settings.js";

export interface Repetition {
  /** What the first try failed with. */
  readonly first: StorageError;
  /** Whether a failure may pass by itself. */
  readonly mayPass: (error: unknown) => boolean;
  readonly policy: RetryPolicy;
  readonly ports: Ports;
  readonly signal: AbortSignal | undefined;
}

/**
 * Repeats `work` until it succeeds, fails for good or has had its tries. p-retry (small, well kept, runs everywhere)
 * counts and stops; the waiting goes through our own timers, so that a simulation owns it.
 */
export function repeat<T>(work: () => Promise<T>, { first, mayPass, policy, ports, signal }: Repetition): Promise<T> {
  return pRetry((attempt) => (attempt === 1 ? Promise.reject(first) : work()), {
    retries: policy.retries,
    minTimeout: 0,
    shouldRetry: ({ error }) => mayPass(error),
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft === 0 || !mayPass(error)) return;
      const ceiling = Math.min(policy.maxDelay, policy.minDelay * 2 ** (attemptNumber - 1));
      await sleep(ports.timers, ceiling * (0.5 + ports.random.fraction() / 2), signal);
    },
  });
}
