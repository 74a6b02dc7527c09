import type { KeyProvider } from "@holdfast/core";
import { KeysInSecrets } from "./master-keys.js";
import type { SecretStore } from "./secret-store.js";

/** Master keys in any place for secrets. What is kept there must be secret: for one that is not, there is `passphraseKeys`. */
export function keysIn(secrets: SecretStore): KeyProvider {
  return new KeysInSecrets(secrets);
}
