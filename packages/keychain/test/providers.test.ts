import { openStorage } from "@holdfast/core";
import {
  browserKeys,
  browserSecrets,
  keysIn,
  PBKDF2_FALLBACK,
  passphraseKeys,
  storedSecrets,
} from "@holdfast/keychain";
import { memory } from "@holdfast/memory";
import { memorySecrets } from "./support/memory-secrets.js";
import { keyProviderContract } from "./support/provider-contract.js";

/** The least that is allowed: these tests are about what is done with it. */
const QUICK = { kdf: "argon2id", memory: 8 * 1024, passes: 1, lanes: 1 } as const;
let places = 0;

keyProviderContract("browser", () => {
  const name = `place ${++places}`;
  return { open: () => browserKeys({ name }) };
});

keyProviderContract("passphrase", () => {
  const name = `place ${++places}`;
  return {
    open: () =>
      passphraseKeys({ passphrase: async () => "correct horse", secrets: browserSecrets({ name }), derivation: QUICK }),
  };
});

keyProviderContract("passphrase by PBKDF2", () => {
  const kept = new Map<string, string>();
  const derivation = { ...PBKDF2_FALLBACK, iterations: 100_000 };
  return { open: () => passphraseKeys({ passphrase: "correct horse", secrets: memorySecrets(kept), derivation }) };
});

keyProviderContract("secrets", () => {
  const kept = new Map<string, string>();
  return { open: () => keysIn(memorySecrets(kept)) };
});

keyProviderContract("secrets in another encrypted store", async () => {
  const keys = keysIn(memorySecrets());
  const storage = await openStorage(memory(), { encryption: { keys } });
  return { open: () => keysIn(storedSecrets(storage.namespace("keys"))) };
});
