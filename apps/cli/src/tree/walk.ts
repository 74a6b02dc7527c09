import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { compareKeys, type ErrorCode } from "@holdfast/core";
import { codeOfSystemError, isOfOneFile } from "../failure.js";

/** A file below the root, or something else that is no file to import. */
export interface Found {
  /** Where to open it. */
  file: string;
  /** From the root on, with forward slashes. */
  path: string;
  /** What it is, when it is not a file that can be read, and the code that stands for that. */
  otherwise?: { readonly is: string; readonly code: ErrorCode };
}

/**
 * Every file below `from`, in the order of the keys that their paths make; or `from` itself when it is a file. A symbolic
 * link is meant where it was named, as `from`; below, links are told of and not followed.
 */
export async function* walk(from: string): AsyncGenerator<Found> {
  const root = await realpath(from);
  const stats = await stat(root);
  if (stats.isDirectory()) yield* walkFolder(root, "");
  else yield found(root, basename(from), stats);
}

async function* walkFolder(folder: string, path: string): AsyncGenerator<Found> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // Of the folder that was named nothing is left; one below it is not all of it.
    if (path === "" || !isOfOneFile(error)) throw error;
    const otherwise = { is: `a folder that cannot be read (${error.code})`, code: codeOfSystemError(error) };
    yield { file: folder, path, otherwise };
    return;
  }
  // "a" the folder gives keys "a/…": they sort as such among its siblings.
  const rank = (entry: (typeof entries)[number]) => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  entries.sort((a, b) => compareKeys(rank(a), rank(b)));
  for (const entry of entries) {
    const file = join(folder, entry.name);
    const below = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) yield* walkFolder(file, below);
    else yield found(file, below, entry);
  }
}

interface Kind {
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

function found(file: string, path: string, kind: Kind): Found {
  if (kind.isFile()) return { file, path };
  const is = kind.isSymbolicLink() ? "a symbolic link, which is not followed" : "not a file";
  return { file, path, otherwise: { is, code: "UNSUPPORTED" } };
}
