import { type Companion, type CompanionEntry, readCompanion } from "../companion.js";
import { type Look, openIfThere } from "../look.js";
import { isSameName } from "../names/segments.js";
import type { FileSystemPort } from "../port/file-system-port.js";
import { readAll } from "../port/whole-files.js";
import { atPath, isUnreadable, statIfReadable } from "../root-directory.js";

/** In a folder that is synced, how long a data file waits for its companion. Milliseconds. */
export const WAIT_FOR_COMPANION = 2_000;
const LARGEST_COMPANION = 16 * 2 ** 20;

/** The companion at a path below a root; undefined when none is there. */
export function companionAt(port: FileSystemPort, root: string, path: string): Companion | undefined {
  return atPath(port, root, path, (target) => readAt(port, target));
}

/** Whether something stands at a companion's place that is not the companion of this key, as far as anybody can tell. */
export function isOthers(port: FileSystemPort, root: string, path: string, key: string): boolean {
  const stat = statIfReadable(port, `${root}/${path}`);
  if (stat === undefined) return false;
  if (stat.kind !== "file") return true;
  try {
    return companionAt(port, root, path)?.key !== key;
  } catch (error) {
    if (isUnreadable(error)) return true;
    throw error;
  }
}

/** What a companion says of a data file with just this content, whose name may have come in another normal form. */
export function entryFor(companion: Companion, file: string, { sha256, stat }: Look): CompanionEntry | undefined {
  return [companion.current, companion.previous].find(
    (entry) => entry?.sha256 === sha256 && entry.header.storedSize === stat.size && isSameName(entry.file, file),
  );
}

function readAt(port: FileSystemPort, target: string): Companion | undefined {
  const descriptor = openIfThere(port, target);
  if (descriptor === undefined) return undefined;
  try {
    const { size, kind } = port.fstat(descriptor);
    return kind === "file" && size <= LARGEST_COMPANION ? readCompanion(readAll(port, descriptor, size)) : undefined;
  } finally {
    port.close(descriptor);
  }
}
