import { expect, it } from "vitest";
import { deriveFrom } from "../dist/passphrase/derivation.js";
import vectors from "./vectors/wycheproof-pbkdf2.json" with { type: "json" };

const bytesOf = (hex: unknown) => Uint8Array.from(String(hex).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

it("Wycheproof's cases of PBKDF2 with HMAC-SHA-256 whose passwords are text, to 32 bytes", async () => {
  for (const [id, password, salt, iterations, derived] of vectors.pbkdf2) {
    const parameters = { kdf: "pbkdf2-sha256", iterations: Number(iterations) } as const;
    const made = await deriveFrom(String(password), bytesOf(salt), parameters);
    expect(made, `case ${id}`).toEqual(bytesOf(derived));
  }
});
