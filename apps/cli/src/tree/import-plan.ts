import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { checkKey, type Format, type SaveOptions, StorageError } from "@holdfast/core";
import { CommandError, UsageError } from "../failure.js";
import { formatOfFile } from "./file-value.js";
import { MANIFEST_FOLDER, MANIFEST_NAME, type ManifestEntry, PARTIAL_MANIFEST_NAME, readManifest } from "./manifest.js";
import { walk } from "./walk.js";

/** One file that is to become an item. */
export interface PlannedItem {
  /** Where to open it. */
  file: string;
  /** As messages name it. */
  path: string;
  key: string;
  format: Format;
  options: Pick<SaveOptions, "tags" | "metadata" | "expiration" | "compress" | "encrypt">;
  /** The collection that it belonged to, and the version of its data. */
  schema?: string;
  /** What the file's bytes must be. */
  sha256?: string;
}

/** A file that does not become an item, and why. */
export interface LeftOut {
  path: string;
  code: string;
  message: string;
}

export interface ImportPlan {
  items: PlannedItem[];
  leftOut: LeftOut[];
  /** Items of an export whose time has run out since. */
  expired: number;
}

export interface PlanOptions {
  /** Put in front of every key. */
  prefix: string;
  /** Undefined: by the names of the files, or by the manifest. */
  as: "auto" | "binary" | undefined;
  options: Pick<SaveOptions, "tags" | "metadata" | "compress">;
  acceptChanges: boolean;
  /** Of an export: all, nothing, or (undefined) what was encrypted. */
  encrypt: "all" | "none" | undefined;
  now: number;
}

/** What importing `from` means: a tree of files by their names, an export by its manifest. */
export async function planImport(from: string, options: PlanOptions): Promise<ImportPlan> {
  const manifest = join(from, MANIFEST_FOLDER, MANIFEST_NAME);
  if (await isThere(manifest)) return planRestore(from, manifest, options);
  const partial = join(from, MANIFEST_FOLDER, PARTIAL_MANIFEST_NAME);
  if (await isThere(partial)) {
    throw new CommandError(
      "CORRUPT",
      `${from} is an export that was broken off`,
      "the export again, into a new folder",
    );
  }
  if (options.acceptChanges) throw new UsageError(`--accept-changes is for exports, and ${from} is none`);
  if (options.encrypt !== undefined) {
    throw new UsageError(
      `--encrypt is for exports, and ${from} is none`,
      "--keys alone, which encrypts all of it, or nothing",
    );
  }
  return planTree(from, options);
}

async function planTree(from: string, { prefix, as, options }: PlanOptions): Promise<ImportPlan> {
  const plan: ImportPlan = { items: [], leftOut: [], expired: 0 };
  for await (const { file, path, otherwise } of walk(from)) {
    if (otherwise !== undefined) {
      plan.leftOut.push({ path, code: otherwise.code, message: `it is ${otherwise.is}` });
      continue;
    }
    const format = as === "binary" ? "binary" : formatOfFile(path);
    add(plan, { file, path, key: prefix + path, format, options });
  }
  return plan;
}

async function planRestore(from: string, manifest: string, planOptions: PlanOptions): Promise<ImportPlan> {
  if (planOptions.as !== undefined) {
    throw new UsageError(`${from} is an export: its manifest tells the formats`, "without --as");
  }
  const plan: ImportPlan = { items: [], leftOut: [], expired: 0 };
  const root = await realpath(from);
  const listed = new Set<string>();
  for await (const entry of readManifest(manifest)) {
    listed.add(entry.path);
    if (entry.expiration !== undefined && Date.parse(entry.expiration) <= planOptions.now) plan.expired++;
    else await addEntry(plan, root, entry, planOptions);
  }
  for await (const { path } of walk(from)) {
    if (listed.has(path) || path.startsWith(`${MANIFEST_FOLDER}/`)) continue;
    plan.leftOut.push({ path, code: "UNSUPPORTED", message: "it is not part of the export: import it by itself" });
  }
  return plan;
}

async function addEntry(plan: ImportPlan, root: string, entry: ManifestEntry, planOptions: PlanOptions): Promise<void> {
  const { path, key, format, tags, metadata, expiration, compressed, schema, sha256 } = entry;
  const { prefix, options, acceptChanges } = planOptions;
  const encrypt = planOptions.encrypt === undefined ? entry.encrypted : planOptions.encrypt === "all";
  const file = await locate(root, path);
  if (typeof file !== "string") {
    plan.leftOut.push(file);
    return;
  }
  add(plan, {
    file,
    path,
    key: prefix + key,
    format,
    options: {
      tags: [...tags, ...(options.tags ?? [])],
      metadata: { ...metadata, ...options.metadata },
      ...(expiration === undefined ? {} : { expiration: new Date(expiration) }),
      ...(compressed || options.compress === true ? { compress: true } : {}),
      ...(encrypt === undefined ? {} : { encrypt }),
    },
    ...(schema === undefined ? {} : { schema }),
    ...(acceptChanges ? {} : { sha256 }),
  });
}

/** A manifest may come from anywhere: no link in an export leads out of it. */
async function locate(root: string, path: string): Promise<string | LeftOut> {
  const file = join(root, ...path.split("/"));
  try {
    if ((await realpath(file)).startsWith(root.endsWith(sep) ? root : root + sep)) return file;
    return { path, code: "UNSUPPORTED", message: "it leads out of the export" };
  } catch (error) {
    if (!isAbsence(error)) throw error;
    return { path, code: "NOT_FOUND", message: "it is in the manifest, but not in the folder" };
  }
}

function add(plan: ImportPlan, item: PlannedItem): void {
  try {
    checkKey(item.key);
    plan.items.push(item);
  } catch (error) {
    if (!StorageError.is(error)) throw error;
    plan.leftOut.push({ path: item.path, code: error.code, message: error.message });
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
