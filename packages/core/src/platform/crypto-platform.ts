import type { MasterKeyMaterial } from "../contract/encryption.js";
import type { Awaitable } from "../spi/index.js";

/**
 * The primitives of docs/encryption-format.md. The `imports` map of this package picks `node-crypto.ts` or `web-crypto.ts` for
 * `#crypto`: the first is synchronous, the second runs wherever Web Crypto is. Both make the same bytes.
 */
export interface CryptoPlatform {
  /** RFC 5869 with SHA-256. */
  hkdf(secret: MasterKeyMaterial, salt: Uint8Array, info: string, length: number): Awaitable<Uint8Array>;
  hmac(key: Uint8Array, data: Uint8Array): Awaitable<Uint8Array>;
  /** For a key of 32 bytes. */
  aesGcm(key: Uint8Array): Awaitable<AesGcm>;
}

/** AES-256-GCM with a nonce of 12 bytes and a tag of `TAG_BYTES` behind the ciphertext. */
export interface AesGcm {
  /** `target` is as long as the plaintext with the tag. */
  seal(target: Uint8Array, nonce: Uint8Array, additional: Uint8Array, plain: Uint8Array): Awaitable<void>;
  /** `target` is as long as the plaintext. False for what is not authentic; then nothing of it is in `target`. */
  open(target: Uint8Array, nonce: Uint8Array, additional: Uint8Array, sealed: Uint8Array): Awaitable<boolean>;
}

export const TAG_BYTES = 16;
