import { createCipheriv, createDecipheriv, createHmac, hkdfSync, webcrypto } from "node:crypto";
import { type CryptoPlatform, TAG_BYTES } from "./crypto-platform.js";

const ALGORITHM = "aes-256-gcm";
const OPTIONS = { authTagLength: TAG_BYTES };

/** node:crypto: synchronous, and many times faster than Web Crypto for small values. */
export const cryptoPlatform: CryptoPlatform = {
  hkdf(secret, salt, info, length) {
    if (secret instanceof Uint8Array) return new Uint8Array(hkdfSync("sha256", secret, salt, info, length));
    const parameters = { name: "HKDF", hash: "SHA-256", salt, info: new TextEncoder().encode(info) };
    return webcrypto.subtle.deriveBits(parameters, secret, length * 8).then((bits) => new Uint8Array(bits));
  },

  hmac: (key, data) => createHmac("sha256", key).update(data).digest(),

  aesGcm(key) {
    return {
      seal(target, nonce, additional, plain) {
        const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS);
        target.set(cipher.setAAD(additional).update(plain));
        cipher.final();
        target.set(cipher.getAuthTag(), plain.length);
      },

      open(target, nonce, additional, sealed) {
        const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS);
        decipher.setAAD(additional).setAuthTag(sealed.subarray(target.length));
        target.set(decipher.update(sealed.subarray(0, target.length)));
        try {
          decipher.final();
          return true;
        } catch {
          target.fill(0);
          return false;
        }
      },
    };
  },
};
