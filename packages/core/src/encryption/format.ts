import { StorageError } from "../errors.js";
import { describeValue } from "../invalid-option.js";
import { TAG_BYTES } from "../platform/crypto-platform.js";
import type { EncryptionHeader, RecordHeader } from "../spi/index.js";
import { base64UrlLength, fromBase64Url } from "./base64url.js";

/** The number of the format that docs/encryption-format.md specifies. */
export const FORMAT = 1;
export const DEFAULT_REALM = "holdfast";
export const KEY_BYTES = 32;
export const ID_BYTES = 16;
export const SALT_BYTES = 32;
const COMMITMENT_BYTES = 32;
const WRAP_BYTES: number = SALT_BYTES + COMMITMENT_BYTES + KEY_BYTES + TAG_BYTES;
const MAC_BYTES = 32;
const PROPERTIES: readonly string[] = ["v", "realm", "id", "key", "wrap", "sealed", "mac"];

/** A nonce for keys that encrypt once. */
export const ONLY_NONCE: Uint8Array = new Uint8Array(12);

/** What the property `encryption` of a header says, taken apart. */
export interface EncryptionFacts {
  readonly realm: string;
  /** Of the value. */
  readonly id: Uint8Array;
  /** The id of the master key. */
  readonly key: string;
  readonly wrap: Wrap;
  /** Salt and ciphertext of metadata and tags. */
  readonly sealed: { readonly salt: Uint8Array; readonly ciphertext: Uint8Array } | undefined;
  readonly mac: Uint8Array;
}

export interface Wrap {
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** Throws DECRYPT_FAILED for what this format does not allow, and UNSUPPORTED for another format. Costs no more than the header is long. */
export function parseEncryption(header: RecordHeader): EncryptionFacts {
  const found: unknown = header.encryption;
  if (found === undefined) throw refused(header, "it is not encrypted, and this storage reads nothing else");
  if (typeof found !== "object" || found === null) throw malformed(header, "encryption");
  const { v, realm, key, id, wrap, sealed, mac } = found as Partial<Record<keyof EncryptionHeader, unknown>>;
  if (v !== FORMAT) {
    throw new StorageError(
      "UNSUPPORTED",
      `the value is encrypted in format ${describeValue(v)}, which this version does not know: update Holdfast`,
    );
  }
  for (const name of Object.keys(found)) if (!PROPERTIES.includes(name)) throw malformed(header, name);
  if (!isRealm(realm)) throw malformed(header, "realm");
  if (typeof key !== "string" || !/^[0-9a-f]{16}$/.test(key)) throw malformed(header, "key");
  const parts = bytesOf(header, "wrap", wrap, WRAP_BYTES);
  return {
    realm,
    id: bytesOf(header, "id", id, ID_BYTES),
    key,
    wrap: {
      salt: parts.subarray(0, SALT_BYTES),
      commitment: parts.subarray(SALT_BYTES, SALT_BYTES + COMMITMENT_BYTES),
      wrapped: parts.subarray(SALT_BYTES + COMMITMENT_BYTES),
    },
    sealed: sealed === undefined ? undefined : sealedOf(header, sealed),
    mac: bytesOf(header, "mac", mac, MAC_BYTES),
  };
}

export function isRealm(realm: unknown): realm is string {
  if (typeof realm !== "string" || realm === "" || !realm.isWellFormed() || /\p{Cc}/u.test(realm)) return false;
  return new TextEncoder().encode(realm).length <= 255;
}

/** DECRYPT_FAILED. */
export function refused({ version }: RecordHeader, reason: string): StorageError {
  return new StorageError(
    "DECRYPT_FAILED",
    `the stored value cannot be decrypted: ${reason}; restore it from a backup, or delete it (version ${version})`,
  );
}

function malformed(header: RecordHeader, property: string): StorageError {
  return refused(header, `${JSON.stringify(property)} in its header is not as the format demands`);
}

function bytesOf(header: RecordHeader, property: string, text: unknown, length: number): Uint8Array {
  // Before it is decoded: what is too long must not cost anything.
  const isLong = typeof text === "string" && text.length !== base64UrlLength(length);
  const bytes = isLong ? undefined : fromBase64Url(text);
  if (bytes?.length !== length) throw malformed(header, property);
  return bytes;
}

function sealedOf(header: RecordHeader, text: unknown): EncryptionFacts["sealed"] {
  const bytes = fromBase64Url(text);
  if (bytes === undefined || bytes.length < SALT_BYTES + TAG_BYTES) throw malformed(header, "sealed");
  return { salt: bytes.subarray(0, SALT_BYTES), ciphertext: bytes.subarray(SALT_BYTES) };
}
