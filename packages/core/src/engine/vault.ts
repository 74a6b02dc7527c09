import type { EncodingOptions } from "../codec/encode-value.js";
import type { Decryption, Encryption } from "../codec/stream.js";
import type { KeyProvider, MasterKeys } from "../contract/encryption.js";
import type { Awaitable, RecordHeader, StoredRecord } from "../spi/index.js";
import type { BodilessRecord, Draft, EncodedFacts, ValueDraft } from "./draft.js";

/** An encrypted value, ready to be put. */
export interface SealedValue {
  readonly record: BodilessRecord;
  readonly body: Uint8Array;
}

/** A value that comes as a stream: how its bytes are encrypted, and the record once they have passed. */
export interface StreamSeal {
  readonly encryption: Encryption;
  recordOf(encoded: EncodedFacts): Awaitable<BodilessRecord>;
}

/** Gives a draft its version. */
export type Versioning = (draft: Draft) => BodilessRecord;

/**
 * Encrypts and decrypts for one open storage, as docs/encryption-format.md says. No promise where the platform is synchronous and
 * the keys are at hand. What reads throws KEY_MISSING, DECRYPT_FAILED and UNSUPPORTED.
 */
export interface Vault {
  /** Whether a save is encrypted that does not say. */
  readonly byDefault: boolean;
  /** Whether nothing plain is written or read. */
  readonly required: boolean;
  readonly realm: string;
  readonly provider: KeyProvider;
  readonly keys: MasterKeys;
  /**
   * Asks the provider for its keys, or to change them; what it answers are the keys from then on. One question after the other: an
   * answer that was under way while another key was made must not take its place.
   */
  ask(question: () => Promise<MasterKeys>): Promise<void>;

  /** Encodes, encrypts and signs. Throws INVALID_VALUE. */
  seal(draft: ValueDraft, value: unknown, encoding: EncodingOptions, versioned: Versioning): Awaitable<SealedValue>;
  /** Encrypts and signs what is encoded already. */
  sealPacked(draft: ValueDraft, packed: Uint8Array, facts: PackedFacts, versioned: Versioning): Awaitable<SealedValue>;
  sealStream(draft: ValueDraft, facts: StreamFacts, versioned: Versioning): Promise<StreamSeal>;

  /** Throws CORRUPT as well. */
  value(record: StoredRecord): Awaitable<unknown>;
  /** The encoded value, compressed as its header says. Throws CORRUPT as well. */
  packed(record: StoredRecord): Awaitable<Uint8Array>;
  /** How the stored bytes of a stream are decrypted. */
  opener(header: RecordHeader): Promise<Decryption>;
  /** The header with its metadata and tags readable. */
  reveal(header: RecordHeader): Awaitable<RecordHeader>;

  /** Throws DECRYPT_FAILED unless the header is as it was signed. */
  authenticate(header: RecordHeader): Awaitable<void>;
  /** The header with a MAC for what it says now. Only for headers that were authenticated, or made here. */
  sign(header: RecordHeader): Awaitable<RecordHeader>;
  /** The header with its data key wrapped under the active master key. */
  rewrap(header: RecordHeader): Awaitable<RecordHeader>;
}

export type PackedFacts = Pick<RecordHeader, "format" | "compression" | "size">;
export type StreamFacts = Pick<RecordHeader, "format">;
