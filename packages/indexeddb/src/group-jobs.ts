import type { Workspace } from "./workspace.js";

/** Deletes what was chosen. */
export interface EvictionJob extends Pick<JobOptions, "keys" | "drops"> {
  readonly work: (workspace: Workspace) => void;
  /** Frees the room that it left. */
  readonly free: () => Promise<void>;
}

export interface JobOptions {
  /** The stored keys of which the job must know what stands. */
  readonly keys: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Bytes that the job writes. */
  readonly bytes?: number;
  /** The job may drop kept versions, also where none are to be kept: encrypted records leave no plain one behind. */
  readonly drops?: boolean;
  /** The job makes more room than it takes. */
  readonly frees?: true;
  /** Nothing is likely to stand under its keys. */
  readonly fresh?: boolean;
}

/** What is known of the room in a store, from when something was last freed. */
export interface Room {
  /** `performance.now()` when something was last on its way to be room again: freed, or taken by what was aborted. */
  changed: number;
  /** The least size for which none was found, also by waiting. */
  refused?: number;
}

/** What a write must tell of itself when it finds no room. */
export interface Attempt extends Pick<JobOptions, "keys" | "bytes" | "frees"> {
  /** Milliseconds to wait before it is tried again, a time for each further try: */
  waits?: number[];
  /** as long as this is what is known of the room. */
  room?: Room;
}

/** A write in the queue of the group commit. */
export interface Job extends JobOptions, Attempt {
  work(workspace: Workspace): void;
  acknowledge(): void;
  reject(error: unknown): void;
  /** A group in which it stood has failed. */
  alone: boolean;
}

/** Where a store that is full finds room. */
export interface RoomMakers {
  /** Gives up the room that is kept for deletions; false when there is none. */
  readonly release: () => Promise<boolean>;
  /** Chooses what may go so that a write of so many bytes to these stored keys finds room; undefined when nothing may. */
  readonly evict: ((bytes: number, keys: readonly string[]) => Promise<EvictionJob | undefined>) | undefined;
}
