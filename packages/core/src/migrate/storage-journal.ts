import type { MigrationJournal } from "../contract/migration.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import { StorageError } from "../errors.js";

// In the order of the lines also as text.
const DIGITS = 12;

/**
 * A journal in an open storage or namespace, which holds nothing else and is part of neither side of the migration.
 *
 * @example
 * const journal = storageJournal(other.namespace("migration"));
 * await createMigrator(from, to).migrate({ journal });
 */
export function storageJournal(storage: StorageEngine): MigrationJournal {
  let next: number | undefined;
  return {
    async *read() {
      next = 0;
      for await (const { key } of storage.scan()) {
        const line = await storage.load(key);
        if (!/^\d+$/.test(key) || typeof line !== "string") {
          throw new StorageError(
            "INVALID_OPTION",
            `this is no place of a journal alone: it holds ${JSON.stringify(key)}`,
          );
        }
        next = Number(key) + 1;
        yield line;
      }
    },
    async append(line) {
      next ??= lastNumber(await storage.list()) + 1;
      await storage.save(String(next).padStart(DIGITS, "0"), line, { ifVersion: null });
      next++;
    },
    async clear() {
      // From the end: what a crash leaves is a journal that got less far, never one without its beginning.
      for (const { key } of (await storage.list()).reverse()) await storage.delete(key);
      next = 0;
    },
  };
}

function lastNumber(items: readonly { key: string }[]): number {
  return Number(items.at(-1)?.key ?? -1);
}
