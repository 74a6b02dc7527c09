import type { CompleteEncryption } from "../engine/settings.js";
import type { Vault } from "../engine/vault.js";
import type { Random } from "../ports.js";
import { checkKeys } from "./check-keys.js";
import { EncryptionVault } from "./vault.js";

/** Throws what the provider of keys throws. */
export async function openVault(settings: CompleteEncryption, random: Random): Promise<Vault> {
  const keys = await settings.keys.load();
  return new EncryptionVault(settings, random, checkKeys(settings.keys, keys));
}
