import type { EncryptionSettings, KeyProvider } from "../contract/encryption.js";
import type { OperationKeys, OperationListener } from "../contract/operations.js";
import { type Ports, systemPorts } from "../ports.js";
import type { HistoryLimits } from "../spi/index.js";

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
  /** With keys: encrypts what is saved, and reads what is encrypted. Default: none. */
  encryption?: EncryptionSettings | undefined;
  /** Clock, randomness and timers, for simulations and tests; keys and salts are drawn from it. Default: the platform's. */
  ports?: Partial<Ports> | undefined;
}

/** Which previous versions of a key are kept: those within both limits. */
export interface HistorySettings {
  /** The most previous versions of one key. Default: 10. */
  versions?: number | undefined;
  /** Milliseconds after which `sweep` drops a version that was replaced or deleted. Default: no limit. */
  age?: number | undefined;
}

/** How often, and after how long, a call is made again after a passing failure. */
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
  readonly encryption: CompleteEncryption | undefined;
  readonly ports: Ports;
}

export interface CompleteEncryption {
  readonly keys: KeyProvider;
  readonly byDefault: boolean;
  readonly required: boolean;
  readonly metadata: boolean;
  readonly realm: string;
}

export const DEFAULT_RETRY: RetryPolicy = { retries: 3, minDelay: 50, maxDelay: 2_000 };

/** How a storage behaves that is opened without settings. */
export const DEFAULT_SETTINGS: CompleteSettings = {
  compress: false,
  json: "compact",
  retry: DEFAULT_RETRY,
  history: undefined,
  closeTimeout: 10_000,
  onOperation: undefined,
  operationKeys: "hash",
  metrics: false,
  encryption: undefined,
  ports: systemPorts,
};
