import { createMigrator, openStorage, type RecordHeader, type StorageEngine, StorageError } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import type { TaskTools } from "../store/task.ts";
import { checkArrived } from "./arrived.ts";
import { toBase64 } from "./base64.ts";
import { type Entry, LAYOUT, type Preamble } from "./format.ts";

export interface Archive {
  readonly items: number;
  readonly file: Blob;
}

/**
 * All items as one file. They are migrated into memory first, which verifies each, so that the file is of one whole store and
 * holds the stored bytes and headers themselves, dates included.
 *
 * @throws what the first item that cannot be read fails with, such as CORRUPT; LOCKED where the store did not come to rest.
 */
export async function writeArchive(storage: StorageEngine, { signal, tell }: TaskTools): Promise<Archive> {
  const adapter = memory();
  await using staged = await openStorage(adapter);
  const report = await createMigrator(storage, staged).migrate({
    signal,
    progress: ({ items, totalItems = 0 }) => tell(items, totalItems),
  });
  checkArrived(report);
  if (report.changed.pending) {
    throw new StorageError("LOCKED", "the store was written to all the while: export it when that has come to an end");
  }

  const options = { now: Date.now(), signal };
  const headers = await adapter.list({ prefix: "", after: undefined, limit: Number.POSITIVE_INFINITY }, options);
  const lines: string[] = [];
  for (const { key } of headers) {
    const record = await adapter.get(key, options);
    if (record !== undefined) lines.push(`${JSON.stringify(entryOf(record.header, record.body))}\n`);
  }
  const preamble: Preamble = { holdfast: "archive", layout: LAYOUT, items: lines.length };
  const file = new Blob([`${JSON.stringify(preamble)}\n`, ...lines], { type: "application/jsonl" });
  return { items: lines.length, file };
}

function entryOf(header: RecordHeader, body: Uint8Array): Entry {
  const text = header.compression === null ? exactText(body) : undefined;
  return text === undefined ? { header, base64: toBase64(body) } : { header, text };
}

/** Undefined for what is not UTF-8. */
function exactText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
