import { cryptoPlatform } from "#crypto";
import { chain } from "../awaitable.js";
import type { MasterKeyMaterial } from "../contract/encryption.js";
import { toHex } from "../hex.js";
import type { Awaitable } from "../spi/index.js";

const NO_SALT = new Uint8Array(0);

/** The id of a master key, for providers: it follows from the key, so that an id never stands for two keys. */
export function masterKeyId(material: MasterKeyMaterial): Awaitable<string> {
  return chain(cryptoPlatform.hkdf(material, NO_SALT, "holdfast/1 key-id", 8), toHex);
}
