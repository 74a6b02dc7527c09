import { masterKeyId, openStorage } from "@holdfast/core";
import {
  browserKeys,
  browserSecrets,
  environmentKeys,
  keysIn,
  PBKDF2_FALLBACK,
  passphraseKeys,
  storedSecrets,
} from "@holdfast/keychain";
import { memory } from "@holdfast/memory";
import { memorySecrets } from "./support/memory-secrets.js";
import { keyProviderContract, type Place } from "./support/provider-contract.js";

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

keyProviderContract("environment", () => {
  const kept = [keyOf(1)];
  const environment = {
    get HOLDFAST_KEYS() {
      return kept.map((key) => btoa(String.fromCharCode(...key))).join(",");
    },
  };
  const outside: Place["outside"] = {
    add: () => void kept.unshift(keyOf(kept.length + 1)),
    async remove(id) {
      const ids = await Promise.all(kept.map((key) => masterKeyId(key)));
      const others = kept.filter((_, place) => ids[place] !== id);
      kept.splice(0, kept.length, ...others);
    },
  };
  return { open: () => environmentKeys({ environment }), outside };
});

keyProviderContract("secrets in another encrypted store", async () => {
  const keys = keysIn(memorySecrets());
  const storage = await openStorage(memory(), { encryption: { keys } });
  return { open: () => keysIn(storedSecrets(storage.namespace("keys"))) };
});

function keyOf(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}
