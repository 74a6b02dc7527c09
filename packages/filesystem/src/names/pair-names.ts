import { hash } from "node:crypto";
import type { RecordHeader } from "@holdfast/core";
import { splitPath } from "../root-directory.js";
import { fold, writeSegment } from "./segments.js";

/** Where a pair stands, below the root, with "/". */
export interface PairNames {
  readonly path: string;
  readonly companion: string;
}

/** What decides a data file's extension. */
export type FileForm = Pick<RecordHeader, "format" | "compression" | "encryption">;

/** Which names a key cannot have, since somebody else has them. */
export interface TakenNames {
  asData(path: string): boolean;
  asCompanion(path: string): boolean;
  asDirectory(path: string): boolean;
}

export const COMPANION_EXTENSION = ".meta.json";
/** Of a name, in bytes of UTF-8. Most file systems take 255; some tools append to names. */
const LONGEST_NAME = 200;
/** Of a path below the root, in UTF-16 units. */
const LONGEST_PATH = 240;
const LONG_DIRECTORY = "~long";
const EXTENSIONS = { json: ".json", yaml: ".yaml" };
const OWN_EXTENSION = /^(.+)(\.[A-Za-z0-9]{1,16})$/s;

/** The names for a key that nobody else has. The same for the same key and the same neighbours. */
export function choosePairNames(key: string, form: FileForm, taken: TakenNames): PairNames {
  const segments = key.split("/");
  const name = writeSegment(segments.pop() ?? "");
  let directory = chooseDirectory(segments, taken);
  for (let attempt = 0; ; attempt++) {
    const names = pairNames(directory, name, form, suffixOf(key, attempt));
    if (names.path.length > LONGEST_PATH && directory !== LONG_DIRECTORY) {
      directory = chooseDirectory([LONG_DIRECTORY], taken);
      continue;
    }
    const isLong = directory === LONG_DIRECTORY || longest(directory, name, form) > LONGEST_NAME;
    if (isLong && attempt === 0) continue;
    if (fold(names.path) === fold(names.companion)) continue;
    if (!taken.asData(names.path) && !taken.asCompanion(names.companion)) return names;
  }
}

/** Directories of a key. One whose name a file has gets a suffix, the same for all keys below it. */
function chooseDirectory(segments: readonly string[], taken: TakenNames): string {
  let path = "";
  segments.forEach((segment, index) => {
    const above = path === "" ? "" : `${path}/`;
    const name = writeSegment(segment);
    const prefix = `${segments.slice(0, index + 1).join("/")}/`;
    path = byteLength(name) > LONGEST_NAME ? above + cut(name, 100) + suffixOf(prefix, 1) : above + name;
    for (let attempt = 1; taken.asDirectory(path); attempt++) path = above + cut(name, 100) + suffixOf(prefix, attempt);
  });
  return path;
}

function pairNames(directory: string, name: string, form: FileForm, suffix: string): PairNames {
  const { stem, extension, companionStem } = partsOf(name, form, suffix);
  const above = directory === "" ? "" : `${directory}/`;
  return { path: `${above}${stem}${extension}`, companion: `${above}${companionStem}${COMPANION_EXTENSION}` };
}

function partsOf(name: string, form: FileForm, suffix: string) {
  const { format } = form;
  const packed = packingOf(form);
  const own = format === "binary" ? OWN_EXTENSION.exec(name) : null;
  const short = suffix === "" ? name : cut(name, 100);
  if (own !== null && short === name) {
    const [, stem = "", extension = ""] = own;
    return {
      stem: stem + suffix,
      extension: extension + packed,
      companionStem: stem + suffix + extension,
    };
  }
  const extension = format === "binary" ? ".bin" : EXTENSIONS[format];
  return { stem: short + suffix, extension: extension + packed, companionStem: short + suffix };
}

/** What comes behind the extension of the format: no program may take encrypted bytes for JSON. */
function packingOf({ compression, encryption }: FileForm): string {
  return (compression === null ? "" : ".gz") + (encryption === undefined ? "" : ".enc");
}

function longest(directory: string, name: string, form: FileForm): number {
  const { path, companion } = pairNames("", name, form, "");
  return directory.length > LONGEST_PATH ? Number.POSITIVE_INFINITY : Math.max(byteLength(path), byteLength(companion));
}

function suffixOf(text: string, attempt: number): string {
  if (attempt === 0) return "";
  return `~${hash("sha256", attempt === 1 ? text : `${text}\n${attempt}`).slice(0, 12)}`;
}

/** At most so many bytes of a name, without half a character at its end. */
function cut(name: string, most: number): string {
  let short = "";
  let bytes = 0;
  for (const character of name) {
    bytes += byteLength(character);
    if (bytes > most) return short.replace(/[. ]$/, "_");
    short += character;
  }
  return name;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * The companion of a data file that has its name already, and that is found again by that name alone. `isTaken` is asked with
 * paths.
 */
export function companionFor(path: string, isTaken: (path: string) => boolean): string {
  const { directory, name } = splitPath(path);
  const above = directory === "" ? "" : `${directory}/`;
  const stem = name.replace(/\.(?:json|ya?ml|bin)$/, "");
  const isLong = byteLength(stem + COMPANION_EXTENSION) > LONGEST_NAME;
  const short = isLong ? cut(stem, 100) : stem;
  for (let attempt = isLong ? 1 : 0; ; attempt++) {
    const companion = `${above}${short}${suffixOf(fold(name), attempt)}${COMPANION_EXTENSION}`;
    if (fold(companion) !== fold(path) && !isTaken(companion)) return companion;
  }
}

/** A name that leaves room for something before it, with its extension. */
export function shortName(name: string): string {
  if (byteLength(name) <= LONGEST_NAME) return name;
  const [, stem = name, extension = ""] = OWN_EXTENSION.exec(name) ?? [];
  return cut(stem, 100) + extension;
}

/** Whether a data file's name still says what its item is. */
export function fitsForm(path: string, key: string, form: FileForm): boolean {
  const { format } = form;
  const packing = packingOf(form);
  const name = path.replace(/(?:\.gz)?(?:\.enc)?$/, "");
  if (path !== name + packing) return false;
  if (format === "json") return name.endsWith(".json");
  if (format === "yaml") return /\.ya?ml$/.test(name);
  const own = OWN_EXTENSION.exec(key.slice(key.lastIndexOf("/") + 1))?.[2];
  return own === undefined ? name.endsWith(".bin") : name.endsWith(own) || name.endsWith(".bin");
}
