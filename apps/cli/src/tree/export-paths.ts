import { createHash } from "node:crypto";
import type { Format } from "@holdfast/core";
import { MANIFEST_FOLDER } from "./manifest.js";

// File systems take 255 bytes a name and, the strictest, 1,024 a path; the rest is room for suffixes and the folder's own path.
const MOST_NAME_BYTES = 180;
const MOST_PATH_BYTES = 700;
// No escaped segment holds "%~": "%" is always followed by two hex digits there.
const MARK = "%~";
const LONG_FOLDER = `${MARK}long`;

// What Windows refuses in a name, "%" itself, and control characters.
const ESCAPED = /[%<>:"\\|?*\p{Cc}]/gu;
const DEVICE = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)(?=$|[. ])/i;

/**
 * Gives each key a path of its own, on every platform: no two keys meet, also where names that differ only in case or
 * normal form are the same, and a key `a` stands beside a key `a/b`. Paths depend on the order in which keys come.
 */
export class ExportPaths {
  /** Files and folders given out, folded. Holds one short string for each exported item. */
  readonly #taken = new Set<string>([fold(MANIFEST_FOLDER), fold(LONG_FOLDER)]);
  readonly #folders = new Map<string, string>([["", ""]]);

  /** Relative, with forward slashes, none of whose segments is `.` or `..`. */
  fileFor(key: string, format: Format): string {
    const extension = missingExtension(key, format);
    const slash = key.lastIndexOf("/");
    const folder = this.#folderFor(key.slice(0, Math.max(slash, 0)));
    const path = join(folder, nameFor(key.slice(slash + 1)));
    if (folder === LONG_FOLDER || Buffer.byteLength(path) > MOST_PATH_BYTES) {
      return this.#take(join(LONG_FOLDER, hash(key)), extension);
    }
    return this.#take(path, extension);
  }

  #folderFor(prefix: string): string {
    const standing = this.#folders.get(prefix);
    if (standing !== undefined) return standing;
    const slash = prefix.lastIndexOf("/");
    const parent = this.#folderFor(prefix.slice(0, Math.max(slash, 0)));
    const path = join(parent, nameFor(prefix.slice(slash + 1)));
    const isLong = parent === LONG_FOLDER || Buffer.byteLength(path) > MOST_PATH_BYTES;
    const folder = isLong ? LONG_FOLDER : this.#take(path, "");
    this.#folders.set(prefix, folder);
    return folder;
  }

  #take(stem: string, extension: string): string {
    let path = stem + extension;
    for (let count = 2; this.#taken.has(fold(path)); count++) path = `${stem}${MARK}${count}${extension}`;
    this.#taken.add(fold(path));
    return path;
  }
}

/** A segment of a key as a name that every file system takes. */
function nameFor(segment: string): string {
  const name = segment
    .replace(ESCAPED, percentEncode)
    .replace(/[. ]$/, percentEncode)
    .replace(DEVICE, (device) => percentEncode(device.slice(0, 1)) + device.slice(1));
  if (Buffer.byteLength(name) <= MOST_NAME_BYTES) return name;
  return `${cut(name)}${MARK}${hash(segment).slice(0, 16)}`;
}

function cut(name: string): string {
  let start = "";
  for (const part of name.match(/%[\dA-F]{2}|./gsu) ?? []) {
    if (Buffer.byteLength(start + part) > MOST_NAME_BYTES - 20) break;
    start += part;
  }
  return start;
}

/** So that editors know what they see; a key that ends so already keeps its name. */
function missingExtension(key: string, format: Format): string {
  if (format === "json") return /\.json$/i.test(key) ? "" : ".json";
  if (format === "yaml") return /\.ya?ml$/i.test(key) ? "" : ".yaml";
  return "";
}

/** Equal for names that some file system holds to be the same; now and then for others, which costs a suffix. */
function fold(path: string): string {
  return path.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

function percentEncode(text: string): string {
  return Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
