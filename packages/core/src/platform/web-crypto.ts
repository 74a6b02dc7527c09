import { asBufferSource } from "./buffer-source.js";
import type { CryptoPlatform } from "./crypto-platform.js";
import { subtle } from "./subtle.js";

/** Web Crypto: browsers, workers and edge runtimes. */
export const cryptoPlatform: CryptoPlatform = {
  async hkdf(secret, salt, info, length) {
    const key =
      secret instanceof Uint8Array
        ? await subtle().importKey("raw", asBufferSource(secret), "HKDF", false, ["deriveBits"])
        : secret;
    const parameters = {
      name: "HKDF",
      hash: "SHA-256",
      salt: asBufferSource(salt),
      info: new TextEncoder().encode(info),
    };
    return new Uint8Array(await subtle().deriveBits(parameters, key, length * 8));
  },

  async hmac(key, data) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const imported = await subtle().importKey("raw", asBufferSource(key), algorithm, false, ["sign"]);
    return new Uint8Array(await subtle().sign("HMAC", imported, asBufferSource(data)));
  },

  async aesGcm(key) {
    const imported = await subtle().importKey("raw", asBufferSource(key), "AES-GCM", false, ["encrypt", "decrypt"]);
    const parameters = (nonce: Uint8Array, additional: Uint8Array) => ({
      name: "AES-GCM",
      iv: asBufferSource(nonce),
      additionalData: asBufferSource(additional),
      tagLength: 128,
    });
    return {
      async seal(target, nonce, additional, plain) {
        const sealed = await subtle().encrypt(parameters(nonce, additional), imported, asBufferSource(plain));
        target.set(new Uint8Array(sealed));
      },

      async open(target, nonce, additional, sealed) {
        try {
          const plain = await subtle().decrypt(parameters(nonce, additional), imported, asBufferSource(sealed));
          target.set(new Uint8Array(plain));
          return true;
        } catch (error) {
          // What is not authentic is an OperationError; anything else is no verdict on the bytes.
          if (error instanceof Error && error.name === "OperationError") return false;
          throw error;
        }
      },
    };
  },
};
