import type { Workspace } from "./workspace.js";

/** Deletes what was chosen. */
export interface EvictionJob {
  readonly keys: readonly string[];
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
  /** The job writes encrypted records, which must leave no plain version behind. */
  readonly conceals?: boolean;
  /** The job makes more room than it takes. */
  readonly frees?: true;
  /** Nothing is likely to stand under its keys. */
  readonly fresh?: boolean;
}

/** What a write of the group commit must tell of itself when it finds no room. */
export interface Attempt extends Pick<JobOptions, "keys" | "bytes" | "frees"> {
  /** Milliseconds to wait before it is tried again, where room was freed lately; a time for each further try. */
  waits?: number[] | undefined;
}

/** Where a store that is full finds room. */
export interface RoomMakers {
  /** Gives up the room that is kept for deletions; false when there is none. */
  readonly release: () => Promise<boolean>;
  /** Chooses what may go so that a write of so many bytes to these stored keys finds room; undefined when nothing may. */
  readonly evict: ((bytes: number, keys: readonly string[]) => Promise<EvictionJob | undefined>) | undefined;
}
