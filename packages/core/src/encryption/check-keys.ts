import type { KeyProvider, MasterKeys } from "../contract/encryption.js";
import { StorageError } from "../errors.js";

/** The keys that a provider answered with. Throws KEY_MISSING when the active one is not among them. */
export function checkKeys({ name }: KeyProvider, keys: MasterKeys): MasterKeys {
  if (keys.keys.some(({ id }) => id === keys.active)) return keys;
  throw new StorageError("KEY_MISSING", `${name} has no active key`);
}
