import type { Format, JsonObject } from "../contract/storage-item.js";
import type { RecordHeader, Version, WriteRecord } from "../spi/index.js";

/** A value that is encoded and only wants a version. */
export interface Draft {
  /** With its namespace. */
  readonly key: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<JsonObject>;
  readonly expiration: number | null;
  /**
   * As old as the call, however long the value takes to encode: whatever is called later for the key has a greater one, so that none
   * of them has to be written above the other. Absent: taken when the record is made.
   */
  readonly version?: Version;
  readonly encoded: EncodedFacts;
  /** In a collection. */
  readonly marks?: CollectionMarks;
  /** When the value was changed, where that is not now: a collection that only upgrades it says when it really was. */
  readonly modified?: number;
  /** Encrypt tags and metadata whatever the setting says: they were, in what this takes the place of. Of what is not encrypted it says nothing. */
  readonly sealed?: boolean | undefined;
}

/** What a collection notes in the headers of its items. */
export type CollectionMarks = Required<Pick<RecordHeader, "schema">> & Pick<RecordHeader, "fields" | "indexed">;

/** What encoding tells of a body. */
export interface EncodedFacts {
  readonly format: Format;
  readonly compression: "gzip" | null;
  readonly size: number;
  readonly storedSize: number;
  readonly checksum: string;
  readonly chunkHashes: Uint8Array;
}

/** With the body whole. */
export interface WholeDraft extends Draft {
  readonly encoded: EncodedFacts & { readonly body: Uint8Array };
}

/** A record whose body goes another way. */
export type BodilessRecord = Omit<WriteRecord, "body">;

/** A value on its way into a store, without what encoding tells. */
export type ValueDraft = Omit<Draft, "encoded">;
