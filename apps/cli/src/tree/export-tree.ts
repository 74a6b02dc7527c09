import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type ErrorCode, type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";
import { CommandError } from "../failure.js";
import { readItem } from "../read-item.js";
import type { ProgressView } from "../terminal/index.js";
import { ExportPaths } from "./export-paths.js";
import { MANIFEST_FOLDER, MANIFEST_HEADER, MANIFEST_NAME, manifestLine, PARTIAL_MANIFEST_NAME } from "./manifest.js";
import { syncFolder, type WrittenFile, writeAll, writeFileWhole } from "./write-file.js";

export interface ExportReport {
  exported: number;
  /** Of the files. */
  bytes: number;
  /** As it was named. */
  folder: string;
  /** Items that could not be read; they are not in the export. */
  failures: { key: string; code: ErrorCode; message: string }[];
  milliseconds: number;
}

export interface ExportWork {
  prefix: string;
  /** There are keys: an item that they do not open is left out. Without, the first one that needs them ends the export. */
  hasKeys: boolean;
  progress: ProgressView;
  signal: AbortSignal;
  now: () => number;
}

/**
 * Writes every item as a file of its own into the folder that the report names, and last the manifest that makes it an export. The
 * report is filled as it goes.
 */
export async function exportTree(storage: StorageEngine, report: ExportReport, work: ExportWork): Promise<void> {
  const started = work.now();
  await prepare(report.folder);
  // One spelling, as `join` and `dirname` have it: the way up from each file ends there.
  const folder = resolve(report.folder);
  const partial = join(folder, MANIFEST_FOLDER, PARTIAL_MANIFEST_NAME);
  const manifest = await open(partial, "wx");
  const folders = new Set([folder, join(folder, MANIFEST_FOLDER)]);
  try {
    await exportItems(storage, folder, folders, manifest, report, work);
    for (const each of folders) await syncFolder(each);
    await manifest.sync();
  } finally {
    await manifest.close();
  }
  await rename(partial, join(folder, MANIFEST_FOLDER, MANIFEST_NAME));
  await syncFolder(join(folder, MANIFEST_FOLDER));
  report.milliseconds = work.now() - started;
}

/** `folder` is new or empty. */
export function emptyExport(folder: string): ExportReport {
  return { exported: 0, bytes: 0, folder, failures: [], milliseconds: 0 };
}

/** With these the other items may fare better. */
const UNREADABLE: readonly ErrorCode[] = ["CORRUPT"];
const UNREADABLE_WITH_KEYS: readonly ErrorCode[] = [...UNREADABLE, "KEY_MISSING", "DECRYPT_FAILED"];

async function prepare(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new CommandError(
      "CONFLICT",
      `${folder} is not empty, and an export overwrites nothing`,
      "a new or empty folder",
    );
  }
  await mkdir(join(folder, MANIFEST_FOLDER));
}

async function exportItems(
  storage: StorageEngine,
  folder: string,
  folders: Set<string>,
  manifest: FileHandle,
  report: ExportReport,
  { prefix, hasKeys, progress, signal }: ExportWork,
): Promise<void> {
  const paths = new ExportPaths();
  const totalItems = await storage.count({ prefix, signal });
  const tell = () => progress.update({ phase: "export", items: report.exported, totalItems, bytes: report.bytes });
  tell();
  await writeAll(manifest, Buffer.from(`${MANIFEST_HEADER}\n`));
  for await (const { key } of storage.scan(prefix, { signal })) {
    const exported = await exportItem(storage, folder, folders, key, paths, signal).catch((error: unknown) => {
      if (!StorageError.is(error) || !(hasKeys ? UNREADABLE_WITH_KEYS : UNREADABLE).includes(error.code)) throw error;
      report.failures.push({ key, code: error.code, message: error.message });
    });
    // Deleted since it was listed, damaged, or under other keys.
    if (exported === undefined) continue;
    await writeAll(manifest, Buffer.from(`${manifestLine(exported.item, exported.path, exported.file.sha256)}\n`));
    report.exported++;
    report.bytes += exported.file.bytes;
    tell();
  }
}

interface ExportedItem {
  item: StorageItem;
  path: string;
  file: WrittenFile;
}

async function exportItem(
  storage: StorageEngine,
  folder: string,
  folders: Set<string>,
  key: string,
  paths: ExportPaths,
  signal: AbortSignal,
): Promise<ExportedItem | undefined> {
  const written: string[] = [];
  let kept: string | undefined;
  const write = async ({ format }: StorageItem) => {
    const body = await storage.loadStream(key, { signal });
    if (body === undefined) return undefined;
    const path = paths.fileFor(key, format);
    const file = join(folder, ...path.split("/"));
    await makeFolder(dirname(file), folder, folders);
    written.push(file);
    return { path, file: await writeFileWhole(file, body) };
  };
  try {
    const exported = await readItem(storage, key, write, { signal });
    if (exported?.value === undefined) return undefined;
    kept = written.at(-1);
    return { item: exported.item, ...exported.value };
  } finally {
    // What was written before the item changed once more, or went, is no part of the export.
    for (const file of written) if (file !== kept) await rm(file, { force: true });
  }
}

async function makeFolder(path: string, root: string, made: Set<string>): Promise<void> {
  if (made.has(path) || path === root) return;
  await makeFolder(dirname(path), root, made);
  await mkdir(path);
  made.add(path);
}
