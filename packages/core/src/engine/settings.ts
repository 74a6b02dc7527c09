import type { OperationKeys, OperationListener } from "../contract/operations.js";
import { StorageError } from "../errors.js";
import { type Ports, systemPorts } from "../ports.js";
import type { HistoryLimits } from "../spi/index.js";
import { rejectUnknown, requireBoolean, requireFunction } from "./arguments.js";

/** How one open storage behaves, whatever its backend. */
export interface StorageSettings {
  /** What `save` does when its own option `compress` is absent. Default: false. */
  compress?: boolean | undefined;
  /** How json values are laid out. Default: compact. */
  json?: "compact" | "pretty" | undefined;
  /** How operations that are safe to repeat are repeated after a passing failure. False: never. */
  retry?: RetrySettings | false | undefined;
  /**
   * Which replaced versions the backend keeps: none, ten of each key, or as the limits say. Opening rejects with UNSUPPORTED
   * where versions are asked for and the backend keeps none. Default: what the backend does on its own.
   */
  history?: boolean | HistorySettings | undefined;
  /** Milliseconds that `close` waits for work in flight. Default: 10,000. */
  closeTimeout?: number | undefined;
  /** Called for each operation that has ended. An error that it throws is reported as uncaught. */
  onOperation?: OperationListener | undefined;
  /** What events of operations tell of keys, to `onOperation` and to Node's diagnostics channel. Default: `hash`. */
  operationKeys?: OperationKeys | undefined;
  /** Count operations, for `getMetrics`. Default: false. */
  metrics?: boolean | undefined;
  /** Clock, randomness and timers, for simulations and tests. Default: the platform's. */
  ports?: Partial<Ports> | undefined;
}

export interface HistorySettings {
  /** The most previous versions of one key. Default: 10. */
  versions?: number | undefined;
  /** Milliseconds after which `sweep` drops a version that was replaced or deleted. Default: no limit. */
  age?: number | undefined;
}

export interface RetrySettings {
  /** Repetitions after the first try. Default: 3. */
  retries?: number | undefined;
  /** Milliseconds before the first repetition, doubled for each further one, with jitter. Default: 50. */
  minDelay?: number | undefined;
  /** Milliseconds. Default: 2,000. */
  maxDelay?: number | undefined;
}

export interface RetryPolicy {
  readonly retries: number;
  readonly minDelay: number;
  readonly maxDelay: number;
}

export interface CompleteSettings {
  readonly compress: boolean;
  readonly json: "compact" | "pretty";
  readonly retry: RetryPolicy | false;
  readonly history: HistoryLimits | false | undefined;
  readonly closeTimeout: number;
  readonly onOperation: OperationListener | undefined;
  readonly operationKeys: OperationKeys;
  readonly metrics: boolean;
  readonly ports: Ports;
}

const SETTINGS = [
  "compress",
  "json",
  "retry",
  "history",
  "closeTimeout",
  "onOperation",
  "operationKeys",
  "metrics",
  "ports",
] as const satisfies readonly (keyof StorageSettings)[];
const DEFAULT_RETRY: RetryPolicy = { retries: 3, minDelay: 50, maxDelay: 2_000 };
const DEFAULT_VERSIONS = 10;

/** Checks and completes; throws INVALID_OPTION. */
export function completeSettings(settings: StorageSettings = {}): CompleteSettings {
  rejectUnknown("setting", settings, SETTINGS);
  const { compress = false, json = "compact", retry = {}, history, closeTimeout = 10_000, ports = {} } = settings;
  const { onOperation, operationKeys = "hash", metrics = false } = settings;
  requireBoolean("compress", compress);
  if (json !== "compact" && json !== "pretty") {
    throw new StorageError("INVALID_OPTION", `json is "compact" or "pretty", not ${JSON.stringify(json)}`);
  }
  requireDuration("closeTimeout", closeTimeout);
  if (onOperation !== undefined) requireFunction("onOperation", onOperation);
  if (operationKeys !== "plain" && operationKeys !== "hash" && operationKeys !== "none") {
    const shown = JSON.stringify(operationKeys);
    throw new StorageError("INVALID_OPTION", `operationKeys is "plain", "hash" or "none", not ${shown}`);
  }
  requireBoolean("metrics", metrics);
  return {
    compress,
    json,
    retry: retry === false ? false : completeRetry(retry),
    history: history === undefined ? undefined : completeHistory(history),
    closeTimeout,
    onOperation,
    operationKeys,
    metrics,
    ports: completePorts(ports),
  };
}

function completeRetry(retry: RetrySettings): RetryPolicy {
  rejectUnknown("retry setting", retry, ["retries", "minDelay", "maxDelay"]);
  const complete = {
    retries: retry.retries ?? DEFAULT_RETRY.retries,
    minDelay: retry.minDelay ?? DEFAULT_RETRY.minDelay,
    maxDelay: retry.maxDelay ?? DEFAULT_RETRY.maxDelay,
  };
  for (const [name, value] of Object.entries(complete)) requireDuration(`retry.${name}`, value);
  return complete;
}

function completeHistory(history: boolean | HistorySettings): HistoryLimits | false {
  if (history === false) return false;
  const limits = history === true ? {} : history;
  rejectUnknown("history setting", limits, ["versions", "age"]);
  const { versions = DEFAULT_VERSIONS, age = Number.POSITIVE_INFINITY } = limits;
  if (!Number.isSafeInteger(versions) || versions < 1) {
    throw new StorageError("INVALID_OPTION", `history.versions is a whole number from 1 on, not ${String(versions)}`);
  }
  if (typeof age !== "number" || !(age > 0)) {
    throw new StorageError("INVALID_OPTION", `history.age is a number of milliseconds above 0, not ${String(age)}`);
  }
  return { versions, age };
}

// What is given may be an object of some class with more to it, such as a simulation.
function completePorts({ clock, random, timers }: Partial<Ports>): Ports {
  return {
    clock: clock ?? systemPorts.clock,
    random: random ?? systemPorts.random,
    timers: timers ?? systemPorts.timers,
  };
}

function requireDuration(name: string, value: unknown): void {
  if (typeof value !== "number" || !(value >= 0) || value > 2 ** 31 - 1) {
    throw new StorageError("INVALID_OPTION", `${name} is a number from 0 to 2,147,483,647, not ${String(value)}`);
  }
}
