import type { Format, JsonObject } from "../contract/storage-item.js";

declare const versionBrand: unique symbol;
/** A version as core makes it: see `versions.ts`. Ordered by plain string comparison. */
export type Version = string & { readonly [versionBrand]: true };

/**
 * What is stored about a key beside its body. Times are milliseconds since 1970.
 *
 * Adapters MUST store and return every property, also those that they do not know: later versions of core add some
 * (history, collections and encryption need a few). Keeping the whole as JSON beside the columns that are indexed does it.
 */
export interface RecordHeader {
  readonly key: string;
  readonly version: Version;
  /** Bytes of the encoded value, before compression. */
  readonly size: number;
  /** Bytes of the body. */
  readonly storedSize: number;
  readonly format: Format;
  readonly compression: "gzip" | null;
  readonly created: number;
  readonly modified: number;
  /** From this instant on the record counts as absent; null: never. */
  readonly expiration: number | null;
  readonly tags: readonly string[];
  readonly metadata: Readonly<JsonObject>;
  /** The data fields that the item's collection indexes, as a search sees them beside the metadata. Absent elsewhere. */
  readonly fields?: Readonly<JsonObject>;
  /** `<collection>@<version>`: what the value was written under. Absent outside of collections. */
  readonly schema?: string;
  /** The paths that the collection indexed when the value was written: what `fields` was made from. Absent without an index. */
  readonly indexed?: readonly string[];
  /** Of the stored bytes, in hex; see `codec/checksum.ts`. */
  readonly checksum: string;
  /** How the body is encrypted; docs/encryption-format.md. Absent where it is not. */
  readonly encryption?: EncryptionHeader;
}

/** Binary parts are base64url. */
export interface EncryptionHeader {
  /** The number of the format. */
  readonly v: number;
  /** Which data belongs together, as the setting `realm` says. */
  readonly realm: string;
  /** Of the value. */
  readonly id: string;
  /** The id of the master key. */
  readonly key: string;
  /** The key of the value, encrypted by the master key. */
  readonly wrap: string;
  /** Metadata and tags, where they are encrypted too. */
  readonly sealed?: string;
  /** Of the whole header, under a key of the value: tells whether it is as it was written. */
  readonly mac: string;
}

/** A header with its body, as `get` returns it. */
export interface StoredRecord {
  readonly header: RecordHeader;
  readonly body: Uint8Array;
}

/** What is written: core computed `terms` from the header; adapters only index them. */
export interface WriteRecord extends StoredRecord {
  /** Unique search terms in code-point order. Empty for adapters whose `query` capability is `scan`. */
  readonly terms: readonly string[];
  /**
   * The SHA-256 hashes of the body's 1 MiB chunks, 32 bytes each; empty for bodies of up to 1 MiB.
   * Adapters that stream MUST return them from `readStream` as they were given.
   */
  readonly chunkHashes: Uint8Array;
}

/** Whether `header` is alive at `now`. An item whose expiration equals `now` has expired. */
export function isLive(header: Pick<RecordHeader, "expiration">, now: number): boolean {
  return header.expiration === null || header.expiration > now;
}

/** A `now` before every expiration: with it an adapter shows expired records too, as `sweep` needs. */
export const BEFORE_ALL_TIME = -8_640_000_000_000_001;
