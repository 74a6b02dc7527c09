import { describe, expect, it } from "vitest";
import { cryptoPlatform as node } from "../../dist/platform/node-crypto.js";
import { cryptoPlatform as web } from "../../dist/platform/web-crypto.js";
import vectors from "./vectors/wycheproof.json" with { type: "json" };

const bytes = (hex: unknown) => new Uint8Array(Buffer.from(String(hex), "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

describe.each([
  { name: "node", platform: node },
  { name: "web", platform: web },
])("Wycheproof's cases, $name", ({ platform }) => {
  it("of AES-256-GCM with nonces of 96 bits: what is valid is made and opened, all else refused", async () => {
    for (const [id, key, nonce, additional, plain, ciphertext, tag, result] of vectors.gcm) {
      const told = `case ${id}`;
      const aes = await platform.aesGcm(bytes(key));
      const sealed = new Uint8Array(Buffer.concat([bytes(ciphertext), bytes(tag)]));
      const opened = new Uint8Array(bytes(ciphertext).length);
      expect(await aes.open(opened, bytes(nonce), bytes(additional), sealed), told).toBe(result === "valid");
      if (result !== "valid") continue;
      expect(hex(opened), told).toBe(plain);
      const made = new Uint8Array(sealed.length);
      await aes.seal(made, bytes(nonce), bytes(additional), bytes(plain));
      expect(hex(made), told).toBe(hex(sealed));
    }
  });

  it("of HKDF-SHA-256 whose labels are text", async () => {
    for (const [id, secret, salt, info, size, derived] of vectors.hkdf) {
      const label = new TextDecoder().decode(bytes(info));
      expect(hex(await platform.hkdf(bytes(secret), bytes(salt), label, Number(size))), `case ${id}`).toBe(derived);
    }
  });

  it("of HMAC-SHA-256 with keys of 32 bytes: what is valid is made, all else is something else", async () => {
    for (const [id, key, message, tag, result] of vectors.hmac) {
      const made = hex(await platform.hmac(bytes(key), bytes(message)));
      expect(made === tag, `case ${id}`).toBe(result === "valid");
    }
  });
});
