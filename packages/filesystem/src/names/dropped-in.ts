import { checkKey, type Format, StorageError } from "@holdfast/core";
import { readSegment } from "./segments.js";

/** What a file without a companion is taken for. */
export interface DroppedIn {
  readonly key: string;
  readonly format: Format;
}

const IGNORED = /^\.|^~\$|~$|\.(?:tmp|swp|part|crdownload)$|^desktop\.ini$/i;
/** Closing a file that SQLite has open in this process would drop its locks. */
const DATABASE = /\.(?:db|sqlite3?)(?:-wal|-shm|-journal)?$/i;
const TEMPORARY = /^\.holdfast-[0-9a-f]+\.tmp$/;

/** Files of systems, editors and databases, which nobody means as data. */
export function isIgnored(name: string): boolean {
  return IGNORED.test(name) || DATABASE.test(name);
}

/** Directories of systems and tools. */
export function isHidden(name: string): boolean {
  return name.startsWith(".");
}

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** What the file at a path may be, the likeliest first; none when its path can be no key. */
export function readPath(path: string): DroppedIn[] {
  const key = path.split("/").map(readSegment).join("/");
  const candidates: DroppedIn[] = [];
  const extension = /\.(json|yaml|yml)$/.exec(key);
  if (extension !== null) {
    candidates.push({ key: key.slice(0, extension.index), format: extension[1] === "json" ? "json" : "yaml" });
  }
  candidates.push({ key, format: "binary" });
  return candidates.filter(({ key: candidate }) => isKey(candidate));
}

/** Whether core lets a key be used. */
export function isKey(key: string): boolean {
  try {
    checkKey(key);
    return true;
  } catch (error) {
    if (StorageError.is(error, "INVALID_KEY")) return false;
    throw error;
  }
}
