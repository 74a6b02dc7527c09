import type { RecordHeader, Version } from "./records.js";

/**
 * What must stand for a write to go ahead: anything, no living record, or a living record of this version.
 * (No version equals one of the two words.)
 */
export type Expectation = "any" | "absent" | Version;

/** On what condition a record is put. */
export interface PutCondition {
  readonly expect: Expectation;
  /** The instant that decides what has expired. */
  readonly now: number;
}

/** On what condition a record is deleted. */
export interface DeleteCondition {
  /** Of the tombstone that the deletion leaves. */
  readonly version: Version;
  readonly expect: Exclude<Expectation, "absent">;
  /** The instant that decides what has expired. */
  readonly now: number;
}

/** The precondition did not hold; nothing was changed. */
export interface Conflicting {
  readonly outcome: "conflict";
  /** The living header that stands, if any. */
  readonly current: RecordHeader | undefined;
}

/**
 * The version is not above the stored one, living, expired or tombstone; nothing was changed. Core takes a greater one and
 * tries again, or sees that `floor` is its own version: then an earlier try had succeeded although it seemed to fail.
 */
export interface Stale {
  readonly outcome: "stale";
  /** The version that is there. */
  readonly floor: Version;
}

/** The record is stored, as durably as announced. */
export interface Written {
  readonly outcome: "written";
  /** As stored: with `created` of the living record that it replaced. */
  readonly header: RecordHeader;
}

/** The record is gone, and a tombstone stands. */
export interface Deleted {
  readonly outcome: "deleted";
}

/** There was no living record to delete; nothing was changed. */
export interface Absent {
  readonly outcome: "absent";
  /** The version of the tombstone that stands, if one does. */
  readonly tombstone: Version | undefined;
}

/** What `put` answers. */
export type PutOutcome = Written | Conflicting | Stale;
/** What `delete` answers. */
export type DeleteOutcome = Deleted | Absent | Conflicting | Stale;

/** Every operation was applied, or the one at `index` stood in the way and none was. */
export type BatchOutcome =
  | { readonly outcome: "applied"; readonly results: readonly (Written | Deleted | Absent)[] }
  | { readonly outcome: "refused"; readonly index: number; readonly reason: Conflicting | Stale };
