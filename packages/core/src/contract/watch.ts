/** One committed write. */
export interface Change {
  type: "save" | "delete";
  key: string;
  /** Of the write; for a deletion, that of the deletion. */
  version: string;
  /** `self`: through this open storage; `peer`: through another one (tab, process, machine); `external`: behind Holdfast's back. */
  origin: "self" | "peer" | "external";
  /** Where the write stands in the feed: `changes(cursor)` goes on behind it. Absent where the backend has no feed. */
  cursor?: string;
}

/** What `watch` calls. An error that it throws is reported as uncaught. */
export type ChangeListener = (change: Change) => void;
/** Ends the watching. */
export type Unwatch = () => Promise<void>;
