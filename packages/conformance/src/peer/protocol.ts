import type { BatchOperation, Change, ErrorCode } from "@holdfast/core";

/** How two processes, tabs or workers talk. What is sent is plain JSON. */
export interface PeerChannel {
  send(message: unknown): void;
  /** Called once, before anything is sent. */
  receive(listener: (message: unknown) => void): void;
}

/** Another process that works on the same store. */
export interface Peer {
  readonly channel: PeerChannel;
  /**
   * Resolves when it is gone, whoever ended it, to how: `with code 9`, `by SIGKILL`. Where it is not offered, who waits for an answer
   * of a peer that died waits until the case's time is over.
   */
  readonly exited?: Promise<string>;
  /** Ends it at once, without a chance to tidy up: `kill -9`, or a tab that is closed. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** What a peer can be told to do; it answers each when it is done. */
export type PeerTask =
  /** With a clock that stands at `now`, keeping so many previous versions of each key. */
  | { readonly do: "open"; readonly now: number; readonly versions?: number | undefined }
  | { readonly do: "close" }
  | { readonly do: "save"; readonly key: string; readonly data: unknown; readonly ifVersion?: string | null }
  | { readonly do: "load"; readonly key: string }
  | { readonly do: "delete"; readonly key: string }
  | { readonly do: "batch"; readonly operations: readonly BatchOperation[] }
  /** Adds one to a number, so many times. */
  | { readonly do: "count"; readonly key: string; readonly times: number }
  /** Tries to be the first under each key; answers how often it was. */
  | { readonly do: "create"; readonly keys: readonly string[] }
  /** Writes both keys as one batch, with one number after the other. */
  | { readonly do: "pairs"; readonly keys: readonly [string, string]; readonly times: number }
  /**
   * Writes the same `size` keys below `prefix` as one batch of a bare adapter, round after round, telling of each round that was
   * acknowledged, until it is killed. The number of the round stands in the metadata of each item, as `round`.
   */
  | { readonly do: "batchForEver"; readonly prefix: string; readonly size: number }
  /**
   * Saves `prefix + 0`, `prefix + 1` and so on, telling of each that was acknowledged, until it is killed. With `keys` it begins
   * again with 0 after so many.
   */
  | { readonly do: "saveForEver"; readonly prefix: string; readonly size: number; readonly keys?: number | undefined }
  /** Answers everything that the feed tells behind `since`. */
  | { readonly do: "changes"; readonly since: string }
  /** Watches from now on, and tells of each change. */
  | { readonly do: "watch"; readonly prefix: string };

export interface PeerRequest {
  readonly id: number;
  readonly task: PeerTask;
}

export type PeerMessage =
  | { readonly type: "ready" }
  | { readonly type: "done"; readonly id: number; readonly value: unknown }
  | { readonly type: "failed"; readonly id: number; readonly code: ErrorCode | undefined; readonly message: string }
  | { readonly type: "saved"; readonly index: number }
  | { readonly type: "changed"; readonly change: Change };
