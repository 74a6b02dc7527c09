/** A JSON value: what `metadata` is made of and what the json format holds. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };
/** A plain object of JSON values. */
export type JsonObject = { [key: string]: JsonValue };

/** How a value is turned into bytes. */
export type Format = "json" | "yaml" | "binary";

/** What a store knows about one key, without its data. A fresh copy for each caller: changing it changes nothing stored. */
export interface StorageItem {
  key: string;
  /** Ordered and never reused: a later write of the same key has a greater version (compare as strings). */
  version: string;
  /** Bytes of the encoded value, before compression. */
  size: number;
  /** Bytes that the backend holds for it. */
  storedSize: number;
  format: Format;
  /** When the key came into being; survives overwrites, not deletion. */
  created: Date;
  /** When the standing version was written. */
  modified: Date;
  /** From this instant on the item counts as absent. */
  expiration?: Date;
  /** In the order in which they were saved, without repetitions. */
  tags: string[];
  metadata: JsonObject;
  /** SHA-256 of the stored bytes in hex; above 1 MiB, of the SHA-256 hashes of its 1 MiB chunks. */
  checksum: string;
  encrypted: boolean;
  /** Metadata and tags are encrypted, and no key here opens them: both are shown empty. Absent where they are as they were saved. */
  sealed?: true;
  compressed: boolean;
  /** Name and version of the collection schema that the value was written under. */
  schema?: string;
}
