export { browserKeys } from "./browser/browser-keys.js";
export { browserSecrets } from "./browser/browser-secrets.js";
export { type Credential, type Credentials, credentials } from "./credentials.js";
export { type EnvironmentKeysOptions, environmentKeys } from "./environment-keys.js";
export { firstAvailable } from "./first-available.js";
export { firstAvailableSecrets } from "./first-available-secrets.js";
export { keysIn } from "./keys-in.js";
export { holdsMasterKeys } from "./master-keys.js";
export {
  type Argon2Derivation,
  type Derivation,
  PBKDF2_FALLBACK,
  type Pbkdf2Derivation,
} from "./passphrase/derivation.js";
export { type PassphraseKeysOptions, passphraseKeys } from "./passphrase/passphrase-keys.js";
export { Secret } from "./secret.js";
export type { SecretStore } from "./secret-store.js";
export { storedSecrets } from "./stored-secrets.js";
