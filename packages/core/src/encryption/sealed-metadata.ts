import { cryptoPlatform } from "#crypto";
import { chain } from "../awaitable.js";
import { parseJson } from "../codec/parse-json.js";
import type { JsonObject } from "../contract/storage-item.js";
import { type AesGcm, TAG_BYTES } from "../platform/crypto-platform.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { joined, lengthAndText, utf8 } from "./byte-fields.js";
import { canonicalJson } from "./canonical-json.js";
import type { Binding } from "./data-key.js";
import { type EncryptionFacts, KEY_BYTES, ONLY_NONCE, refused } from "./format.js";

/** What may be encrypted of a header. */
export interface Sealable {
  readonly tags: readonly string[];
  readonly metadata: Readonly<JsonObject>;
}

/** Salt and ciphertext. `salt`: fresh random bytes. */
export function sealMetadata(
  { tags, metadata }: Sealable,
  data: Uint8Array,
  salt: Uint8Array,
  binding: Binding & { readonly path: string },
): Awaitable<Uint8Array> {
  const plain = utf8(canonicalJson({ metadata, tags }));
  return chain(cipherOf(data, salt), (aes) => {
    const sealed = new Uint8Array(plain.length + TAG_BYTES);
    return chain(aes.seal(sealed, ONLY_NONCE, additionalOf(binding), plain), () => joined(salt, sealed));
  });
}

/** Throws DECRYPT_FAILED. */
export function openMetadata(
  header: RecordHeader,
  { salt, ciphertext }: NonNullable<EncryptionFacts["sealed"]>,
  data: Uint8Array,
  binding: Binding,
): Awaitable<Sealable> {
  return chain(cipherOf(data, salt), (aes) => {
    const plain = new Uint8Array(ciphertext.length - TAG_BYTES);
    const additional = additionalOf({ ...binding, path: header.key });
    return chain(aes.open(plain, ONLY_NONCE, additional, ciphertext), (authentic) => {
      if (!authentic) throw refused(header, "its metadata was changed");
      // Only who has the key can have made it.
      return parseJson(new TextDecoder().decode(plain)) as Sealable;
    });
  });
}

function cipherOf(data: Uint8Array, salt: Uint8Array): Awaitable<AesGcm> {
  return chain(cryptoPlatform.hkdf(data, salt, "holdfast/1 sealed", KEY_BYTES), (key) => cryptoPlatform.aesGcm(key));
}

function additionalOf({ realm, path, id }: Binding & { readonly path: string }): Uint8Array {
  return joined(utf8("holdfast/1 sealed"), lengthAndText(realm), lengthAndText(path), id);
}
