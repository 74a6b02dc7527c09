import {
  checksumOf,
  createMigrator,
  decodeValue,
  openStorage,
  type RecordHeader,
  type StorageEngine,
  StorageError,
} from "@holdfast/core";
import { memory } from "@holdfast/memory";
import type { TaskTools } from "../store/task.ts";
import { checkArrived } from "./arrived.ts";
import { type ReadEntry, readEntries } from "./read-entries.ts";

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
 * @throws INVALID_VALUE for a file that is no archive, CORRUPT for one that is damaged: nothing is changed then. Also what the first
 * item that did not arrive failed with, such as KEY_MISSING; the others are there.
 */
export async function readArchive(storage: StorageEngine, file: Blob, { signal, tell }: TaskTools): Promise<Imported> {
  const adapter = memory();
  await using staged = await openStorage(adapter);
  await using scratch = await openStorage(memory());
  const now = Date.now();
  for (const entry of readEntries(await file.text())) {
    const { header, body } = entry;
    const { checksum, chunkHashes } = await checksumOf(body);
    if (checksum !== header.checksum || body.length !== header.storedSize) {
      throw damaged(header, "its content does not match its checksum");
    }
    await checkSavable(scratch, header);
    await checkReadable(entry);
    const written = await adapter.put({ header, body, chunkHashes, terms: [] }, { expect: "absent", now }, { signal });
    if (written.outcome !== "written") throw damaged(header, "it comes twice");
  }
  const report = await createMigrator(staged, storage).migrate({
    signal,
    conflict: "overwrite",
    progress: ({ items, totalItems = 0 }) => tell(items, totalItems),
  });
  checkArrived(report);
  return { copied: report.copied, unchanged: report.unchanged };
}

/** Tags, metadata and fields are held to the rules of `save` by `save` itself. */
async function checkSavable(scratch: StorageEngine, header: RecordHeader): Promise<void> {
  const { tags, metadata, fields = null } = header;
  const saved = await scratch.save("any", fields, { tags: [...tags], metadata }).catch((cause: unknown) => {
    throw damaged(header, "no store takes its tags or its metadata", cause);
  });
  if (saved.tags.length !== tags.length) throw damaged(header, "it has a tag twice");
}

/** What is encrypted can be read only where the keys are. */
async function checkReadable({ header, body }: ReadEntry): Promise<void> {
  if (header.encryption !== undefined) return;
  try {
    await decodeValue(header, body);
  } catch (cause) {
    if (!StorageError.is(cause, "CORRUPT")) throw cause;
    throw damaged(header, "its content is not what its header says", cause);
  }
}

function damaged({ key }: RecordHeader, what: string, cause?: unknown): StorageError {
  return new StorageError("CORRUPT", `the file is damaged: ${JSON.stringify(key)}: ${what}`, { key, cause });
}
