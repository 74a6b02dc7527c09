import { isTemporary } from "../names/dropped-in.js";
import { COMPANION_EXTENSION } from "../names/pair-names.js";
import type { ScanProgress } from "../options.js";
import type { DirectoryEntry, FileSystemPort } from "../port/file-system-port.js";
import { discard } from "../port/whole-files.js";
import { atPath, holdIfThere, isUnreadable, OWN_DIRECTORY } from "../root-directory.js";
import { type FileRow, type FileTable, standingOf } from "../table/file-table.js";
import { companionAt } from "./companion-at.js";
import type { Edits } from "./edits.js";
import type { Newcomers } from "./newcomers.js";
import { AT_ONCE, Queue } from "./queue.js";

export interface ScanParts {
  readonly port: FileSystemPort;
  readonly root: string;
  readonly files: FileTable;
  readonly edits: Edits;
  readonly newcomers: Newcomers;
  /** Whether the stat of a settled row's data file is as recorded. */
  readonly isTrusted: (row: FileRow) => boolean;
  /** Called now and then: records for which files `isTrusted` has found that their time can be trusted from now on. */
  readonly confirm: () => Promise<void>;
  /** Marks keys whose companion is missing. */
  readonly mark: (keys: readonly string[]) => Promise<void>;
  readonly breathe: () => Promise<void>;
  /** Called with each directory of the root, before it is read. */
  readonly entered: (directory: string) => void;
  readonly onProgress: ((progress: ScanProgress) => void) | undefined;
  /** Whether nobody is writing into the root: then every temp is one that a process left behind. */
  readonly dropsTemps: boolean;
  /** Throws when another root stands there. */
  readonly requireRoot: () => void;
}

const PAGE = 1_000;

/** Compares the whole root with the table, as the mirror does when it starts, and takes in what has changed. */
export async function scanRoot(parts: ScanParts): Promise<void> {
  const { port, root, files, edits, newcomers, isTrusted, confirm, mark, breathe, entered, onProgress } = parts;
  const seen = new Set<string>();
  const queue = new Queue(AT_ONCE);
  let count = 0;
  let adopted = 0;
  const report = () => onProgress?.({ files: count, adopted });
  for await (const { directory, entries } of walk(port, root, "", { entering: entered })) {
    for (const { name, kind } of entries) {
      await breathe();
      if (kind !== "file") continue;
      const path = directory === "" ? name : `${directory}/${name}`;
      if (++count % PAGE === 0) report();
      if (isTemporary(name)) {
        if (!parts.dropsTemps) continue;
        parts.requireRoot();
        atPath(port, root, path, (target) => discard(port, target));
        continue;
      }
      const owner = files.ownerOf(path);
      if (owner !== undefined) seen.add(path);
      else if (!isCompanion(port, root, path)) {
        await queue.add(async () => {
          if ((await newcomers.receive(path)) === "adopted") adopted++;
        });
      }
    }
  }
  await queue.drained();
  for (let after = "", rows = files.after(after, PAGE); rows.length > 0; rows = files.after(after, PAGE)) {
    const incomplete: string[] = [];
    for (const row of rows) {
      await breathe();
      const standing = standingOf(row);
      if (row.pending === 1 || standing === undefined) continue;
      if (!isTrusted(row)) {
        await queue.add(async () => {
          const verdict = await edits.examine(row.key);
          if (verdict === "adopted" || verdict === "deleted") adopted++;
        });
      } else if (!seen.has(standing.companion) && !isThere(port, root, standing.companion)) incomplete.push(row.key);
    }
    if (incomplete.length > 0) await mark(incomplete);
    await confirm();
    after = rows.at(-1)?.key ?? "";
  }
  await queue.drained();
  report();
}

/** Who is told while a root is walked. */
export interface WalkEvents {
  /** Called before a directory is read: what watches it from then on misses nothing that is not among the entries. */
  readonly entering?: ((directory: string) => void) | undefined;
  /** Called for a directory that this user may not look into. */
  readonly unreadable?: ((directory: string, error: unknown) => void) | undefined;
}

/**
 * Every directory of a root with its entries, the reserved one aside. Links are not followed, and what this user may not look into is passed
 * over.
 */
export async function* walk(
  port: FileSystemPort,
  root: string,
  directory: string,
  { entering, unreadable }: WalkEvents = {},
): AsyncIterable<{ directory: string; entries: DirectoryEntry[] }> {
  entering?.(directory);
  let entries: DirectoryEntry[] | undefined;
  try {
    entries = readDirectory(port, root, directory);
  } catch (error) {
    // Without the root itself there is nothing.
    if (directory === "" || !isUnreadable(error)) throw error;
    unreadable?.(directory, error);
  }
  if (entries === undefined) return;
  yield { directory, entries };
  for (const { name, kind } of entries) {
    if (kind !== "directory" || name.toLowerCase() === OWN_DIRECTORY) continue;
    yield* walk(port, root, directory === "" ? name : `${directory}/${name}`, { entering, unreadable });
  }
}

/** Undefined when there is no such directory any more, or a link stands there. */
function readDirectory(port: FileSystemPort, root: string, directory: string): DirectoryEntry[] | undefined {
  const held = holdIfThere(port, root, directory);
  try {
    return held && port.readdir(held.path);
  } finally {
    held?.release();
  }
}

/** One that cannot be read is nothing that could be taken in. */
function isCompanion(port: FileSystemPort, root: string, path: string): boolean {
  try {
    return path.endsWith(COMPANION_EXTENSION) && companionAt(port, root, path) !== undefined;
  } catch (error) {
    if (isUnreadable(error)) return true;
    throw error;
  }
}

function isThere(port: FileSystemPort, root: string, path: string): boolean {
  return port.lstat(`${root}/${path}`)?.kind === "file";
}
