import { cryptoPlatform } from "#crypto";
import { chain } from "../awaitable.js";
import type { MasterKey } from "../contract/encryption.js";
import { TAG_BYTES } from "../platform/crypto-platform.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { equalBytes, joined, lengthAndText, utf8 } from "./byte-fields.js";
import { type EncryptionFacts, KEY_BYTES, ONLY_NONCE, refused, type Wrap } from "./format.js";

const LABEL: Uint8Array = utf8("holdfast/1 wrap");

/** What a value is bound to beside its key. */
export type Binding = Pick<EncryptionFacts, "realm" | "id">;

/** What is derived from the data key of a value. */
export interface ValueKeys {
  readonly data: Uint8Array;
  readonly content: Uint8Array;
  readonly mac: Uint8Array;
}

export function deriveKeys(data: Uint8Array, id: Uint8Array): Awaitable<ValueKeys> {
  return chain(cryptoPlatform.hkdf(data, id, "holdfast/1 value", 2 * KEY_BYTES), (keys) => ({
    data,
    content: keys.subarray(0, KEY_BYTES),
    mac: keys.subarray(KEY_BYTES),
  }));
}

/** `salt`: fresh random bytes. */
export function wrapKey(
  data: Uint8Array,
  master: MasterKey,
  salt: Uint8Array,
  binding: Binding,
): Awaitable<Uint8Array> {
  return chain(wrappingKeys(master, salt), ({ wrap, commitment }) =>
    chain(cryptoPlatform.aesGcm(wrap), (aes) => {
      const wrapped = new Uint8Array(KEY_BYTES + TAG_BYTES);
      return chain(aes.seal(wrapped, ONLY_NONCE, additionalOf(binding), data), () => joined(salt, commitment, wrapped));
    }),
  );
}

/** The data key. Throws DECRYPT_FAILED where it was wrapped under another master key, or something was changed. */
export function unwrapKey(
  header: RecordHeader,
  { salt, commitment, wrapped }: Wrap,
  master: MasterKey,
  binding: Binding,
): Awaitable<Uint8Array> {
  return chain(wrappingKeys(master, salt), (keys) => {
    if (!equalBytes(keys.commitment, commitment)) {
      throw refused(
        header,
        `it was not encrypted with the key ${JSON.stringify(master.id)}, or its header was changed`,
      );
    }
    return chain(cryptoPlatform.aesGcm(keys.wrap), (aes) => {
      const data = new Uint8Array(KEY_BYTES);
      return chain(aes.open(data, ONLY_NONCE, additionalOf(binding), wrapped), (authentic) => {
        if (!authentic) throw refused(header, "its wrapped key was changed");
        return data;
      });
    });
  });
}

function wrappingKeys(
  { material }: MasterKey,
  salt: Uint8Array,
): Awaitable<{ wrap: Uint8Array; commitment: Uint8Array }> {
  return chain(cryptoPlatform.hkdf(material, salt, "holdfast/1 wrap", 2 * KEY_BYTES), (keys) => ({
    wrap: keys.subarray(0, KEY_BYTES),
    commitment: keys.subarray(KEY_BYTES),
  }));
}

function additionalOf({ realm, id }: Binding): Uint8Array {
  return joined(LABEL, lengthAndText(realm), id);
}
