import { parseJson, type RecordHeader, type StoredRecord, type Version } from "@holdfast/core";
import { fromBase64 } from "./base64.js";

/** A header as it travels: JSON text of all but `created`, and that. */
export type WireHeader = readonly [header: string, created: number, ...more: unknown[]];

export interface WirePart {
  readonly name: string;
  readonly size: number;
}

/** A record as it travels: with its body in base64, or the objects that hold it. */
export interface WireRecord {
  readonly header: WireHeader;
  readonly body: string | null;
  readonly hashes: string | null;
  readonly parts: readonly WirePart[] | null;
}

export type WireReason =
  | { readonly outcome: "conflict"; readonly current: WireHeader | null }
  | { readonly outcome: "stale"; readonly floor: Version }
  /** An object that the write refers to is about to be deleted. */
  | { readonly outcome: "gone" };

type WireResult =
  | { readonly outcome: "written"; readonly created: number }
  | { readonly outcome: "deleted" }
  | { readonly outcome: "absent"; readonly tombstone: Version | null };

export type WireOutcome =
  | { readonly outcome: "applied"; readonly results: readonly WireResult[] }
  | { readonly outcome: "refused"; readonly index: number; readonly reason: WireReason };

export function toHeader([header, created]: WireHeader): RecordHeader {
  return { ...(parseJson(header) as Omit<RecordHeader, "created">), created };
}

export function toHeaderText({ created: _, ...others }: RecordHeader): string {
  return JSON.stringify(others);
}

/** The body of a record that has it in its row. */
export function toInlineRecord({ header, body }: WireRecord): StoredRecord {
  return { header: toHeader(header), body: fromBase64(body ?? "") };
}

/** A tag as text that a database can hold, whatever is in it: in JSON, without the quotes. */
export function toWireTag(tag: string): string {
  return JSON.stringify(tag).slice(1, -1);
}
