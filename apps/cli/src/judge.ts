import { createMigrator, type MigrateOptions, type SaveOptions, StorageError } from "@holdfast/core";
import { credentials, storedSecrets } from "@holdfast/keychain";
import { openStore } from "holdfast";
import { isThere } from "./store-at.js";

/**
 * Throws what core has to say of a key and of the options of a save, before a store is made for them: INVALID_KEY, INVALID_OPTION,
 * INVALID_VALUE; and CONFLICT where there is no store, so that no version stands.
 */
export async function judgeSave(store: string, key: string, options: SaveOptions): Promise<void> {
  await using empty = await openStore("memory:");
  try {
    await empty.save(key, null, options);
  } catch (error) {
    if (!StorageError.is(error, "CONFLICT") || !(await isThere(store))) throw error;
  }
}

/** The same of a migration. */
export async function judgeMigration(options: MigrateOptions): Promise<void> {
  await using from = await openStore("memory:");
  await using to = await openStore("memory:");
  await createMigrator(from, to).migrate(options);
}

/** The same of the name of a secret. */
export async function judgeSecret(name: string): Promise<void> {
  await using empty = await openStore("memory:");
  await credentials(storedSecrets(empty)).get(name);
}
