/** How long an acknowledged write lasts: with the process, through a crash of the process, through a loss of power. */
export type Durability = "memory" | "process" | "media";
/** How far a feature reaches. */
export type Reach = "none" | "process" | "cross-process";
/** `bulk`: many operations in one call, not one unit; `atomic`: all or nothing. */
export type BatchLevel = "none" | "bulk" | "atomic";

/** What a backend can do. Fixed before its first input or output. */
export interface Capabilities {
  durability: Durability;
  /**
   * Among whom exactly one of several racing conditional writers wins: all adapters on the store in this `process`, those of others
   * too (`cross-process`), or, with `none`, only the writers of one and the same adapter. Its writes go in turn whatever the level:
   * one of them wins, and of several without a condition the greatest version stands.
   */
  compareAndSet: Reach;
  /** How far `batch` goes. */
  batch: BatchLevel;
  /** `native`: answers searches from an index of its own; `scan`: by reading every header. */
  query: "scan" | "native";
  /** Whose writes `watch` tells of. */
  watch: Reach;
  /** `native`: the backend keeps a feed of its writes, so that `changes` goes on from a cursor. */
  changes: "none" | "native";
  /** `native`: the backend can keep the versions that a write replaces. */
  history: "none" | "native";
  /** `bounded`: bodies of any size in flat memory; `buffered`: streams are held in memory up to `limits.bufferedBody`. */
  streams: "buffered" | "bounded";
  /** In bytes. */
  limits: Limits;
}

/** The most that a backend takes. Each is a whole number of at least 64 MiB: so much an app can rely on, wherever it runs. */
export interface Limits {
  /** The largest stored body, in bytes. */
  body: number;
  /** The largest body that is ever held in memory whole, in bytes; no more than `body`. */
  bufferedBody: number;
}

/** What `getCapabilities` answers. */
export interface StorageCapabilities {
  /** What the backend does itself. */
  native: Capabilities;
  /** What the storage offers, core's additions included. Its `batch` is `atomic` or `none`: core offers no other. */
  effective: Capabilities;
}
