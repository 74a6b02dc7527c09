import { type KeyProvider, StorageError } from "@holdfast/core";
import { KeysInSecrets, randomBytes } from "../master-keys.js";
import type { SecretStore } from "../secret-store.js";
import { checkDerivation, DEFAULT_DERIVATION, type Derivation } from "./derivation.js";
import { PassphraseSeal } from "./sealed-key.js";

/** The passphrase, and where the keys are that it opens. */
export interface PassphraseKeysOptions {
  /** Asked for once for each load that needs it. Never kept as text. */
  passphrase: string | (() => string | Promise<string>);
  /** Where the sealed keys are kept. It need not be secret: `fileSecrets` of `@holdfast/keychain/node`, `browserSecrets`. */
  secrets: SecretStore;
  /** How new keys are sealed; what is stored says how it was. Default: argon2id with 64 MiB, 3 passes, 4 lanes. */
  derivation?: Derivation | undefined;
}

/**
 * Random master keys, sealed under a key that is derived from a passphrase. Who has what is stored can try passphrases: choose a long one.
 *
 * @throws INVALID_OPTION. Loading rejects with DECRYPT_FAILED for a wrong passphrase.
 */
export function passphraseKeys({
  passphrase,
  secrets,
  derivation = DEFAULT_DERIVATION,
}: PassphraseKeysOptions): KeyProvider {
  if (typeof passphrase !== "string" && typeof passphrase !== "function") {
    throw new StorageError("INVALID_OPTION", "passphrase is text, or a function that asks for it");
  }
  const ask = async () => (typeof passphrase === "function" ? passphrase() : passphrase);
  const writing = new PassphraseSeal(ask, checkDerivation(derivation), randomBytes);
  return new KeysInSecrets(secrets, { name: "passphrase", writing });
}
