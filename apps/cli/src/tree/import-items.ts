import { type SaveOptions, type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";
import { describeFailure, isOfOneFile } from "../failure.js";
import type { ProgressView } from "../terminal/index.js";
import { parseValue } from "./file-value.js";
import type { ImportPlan, LeftOut, PlannedItem } from "./import-plan.js";
import { openFile, readContent, readWhole } from "./read-file.js";
import { marking } from "./save-marked.js";

/** As core's migrator has it: `stop` writes nothing when one of the keys is taken. */
export type ImportConflict = "stop" | "skip" | "overwrite";

export interface ImportReport {
  imported: number;
  /** Of the values, as they are encoded. */
  bytes: number;
  /** Keys that were taken and, by --conflict skip, left as they are. */
  skipped: number;
  /** Items of an export whose time has run out: not imported. */
  expired: number;
  /** Keys that were taken, with --conflict stop: then nothing was imported. */
  conflicts: string[];
  leftOut: LeftOut[];
  milliseconds: number;
}

export interface ImportWork {
  storage: StorageEngine;
  conflict: ImportConflict;
  progress: ProgressView;
  signal: AbortSignal;
  now: () => number;
}

// A store that commits together what arrives together needs several at once.
const CONCURRENCY = 16;

/** Saves what was planned. `report` is filled as it goes, so that it tells the truth also when the work is broken off. */
export async function importItems(plan: ImportPlan, report: ImportReport, work: ImportWork): Promise<void> {
  const { storage, conflict, progress, signal, now } = work;
  const started = now();
  report.expired = plan.expired;
  report.leftOut.push(...plan.leftOut);
  if (conflict === "stop") {
    await each(plan.items, signal, async ({ key }) => {
      if (await storage.exists(key, { signal })) report.conflicts.push(key);
    });
    report.conflicts.sort();
  }
  if (report.conflicts.length === 0) {
    const tell = (items: number) =>
      progress.update({ phase: "import", items, totalItems: plan.items.length, bytes: report.bytes });
    let done = 0;
    tell(done);
    await each(plan.items, signal, async (item) => {
      await importItem(item, report, work);
      tell(++done);
    });
  }
  report.milliseconds = now() - started;
}

export function emptyReport(): ImportReport {
  return { imported: 0, bytes: 0, skipped: 0, expired: 0, conflicts: [], leftOut: [], milliseconds: 0 };
}

async function importItem(item: PlannedItem, report: ImportReport, work: ImportWork): Promise<void> {
  const { conflict, signal } = work;
  try {
    const saved = await saveFile(item, work.storage, {
      ...item.options,
      ...(conflict === "overwrite" ? {} : { ifVersion: null }),
      signal,
    });
    report.imported++;
    report.bytes += saved.size;
  } catch (error) {
    if (StorageError.is(error, "CONFLICT")) {
      // With `stop`: taken by somebody else since the keys were looked at.
      if (conflict === "skip") report.skipped++;
      else report.conflicts.push(item.key);
    } else if (isOfThisItem(error)) {
      const { code, message } = describeFailure(error, "");
      report.leftOut.push({ path: item.path, code, message });
    } else throw error;
  }
}

async function saveFile(item: PlannedItem, storage: StorageEngine, options: SaveOptions): Promise<StorageItem> {
  const { key, format, schema, sha256 } = item;
  const handle = await openFile(item.file);
  try {
    const saveMarked = schema === undefined ? undefined : marking(storage, key, schema);
    const save = saveMarked ?? ((value: unknown, how: SaveOptions) => storage.save(key, value, how));
    if (format !== "binary") {
      const value = await parseValue(await readWhole(handle, sha256), format, "it");
      return await save(value, { ...options, format });
    }
    // A collection takes values whole; so it took this one.
    const content = await (saveMarked === undefined ? readContent(handle, sha256) : readWhole(handle, sha256));
    if (!(content instanceof Uint8Array)) return await storage.saveStream(key, content, options);
    return await save(content, { ...options, format });
  } finally {
    await handle.close();
  }
}

const OF_ONE_ITEM: readonly string[] = ["INVALID_VALUE", "INVALID_KEY", "INVALID_OPTION", "CORRUPT", "SCHEMA"];

/** Whether the other files may fare better: else the whole work ends. */
function isOfThisItem(error: unknown): boolean {
  return StorageError.is(error) ? OF_ONE_ITEM.includes(error.code) : isOfOneFile(error);
}

/** Several at once. When one fails, no more are begun, and that failure is thrown. */
async function each<T>(items: readonly T[], signal: AbortSignal, work: (item: T) => Promise<void>): Promise<void> {
  // A generator ends for all workers when one of them leaves it.
  const queue = handOut(items);
  const worker = async () => {
    for (const item of queue) {
      signal.throwIfAborted();
      await work(item);
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker));
  const failed = workers.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

function* handOut<T>(items: readonly T[]): Generator<T> {
  yield* items;
}
