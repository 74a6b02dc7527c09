export type { SecretStore } from "../secret-store.js";
export { fileSecrets } from "./file-secrets.js";
export { type Keytar, type KeytarSecretsOptions, keytarKeychain, keytarSecrets } from "./keytar-secrets.js";
export { type OsSecretsOptions, osKeychain, osSecrets } from "./os-secrets.js";
