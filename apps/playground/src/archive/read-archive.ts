import { checksumOf, createMigrator, openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import type { TaskTools } from "../store/task.ts";
import { readEntries } from "./read-entries.ts";

export interface Imported {
  /** Written, as they were not there or otherwise. */
  readonly copied: number;
  /** Were there already, equal. */
  readonly unchanged: number;
}

/**
 * Brings the items of an archive in; what stands under their keys is replaced and goes into their history. The whole file is
 * checked in memory before the first item is written; each is read back afterwards.
 *
 * @throws INVALID_VALUE for a file that is no archive, CORRUPT for one that is damaged. Nothing is changed then.
 */
export async function readArchive(storage: StorageEngine, file: Blob, { signal, tell }: TaskTools): Promise<Imported> {
  const adapter = memory();
  await using staged = await openStorage(adapter);
  const now = Date.now();
  for (const { header, body } of readEntries(await file.text())) {
    const { checksum, chunkHashes } = await checksumOf(body);
    if (checksum !== header.checksum || body.length !== header.storedSize) {
      throw new StorageError("CORRUPT", "its content does not match its checksum in the file", { key: header.key });
    }
    const written = await adapter.put({ header, body, chunkHashes, terms: [] }, { expect: "absent", now }, { signal });
    if (written.outcome !== "written") throw new StorageError("CORRUPT", "the file has it twice", { key: header.key });
  }
  const report = await createMigrator(staged, storage).migrate({
    signal,
    conflict: "overwrite",
    progress: ({ items, totalItems = 0 }) => tell(items, totalItems),
  });
  const [failure] = report.failures;
  if (failure !== undefined) throw new StorageError("CORRUPT", failure.message, { key: failure.key });
  return { copied: report.copied, unchanged: report.unchanged };
}
