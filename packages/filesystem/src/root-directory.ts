import { join } from "node:path";
import { codeOf } from "@holdfast/sqlite/item-table";
import type { FileStat, FileSystemPort, HeldDirectory } from "./port/file-system-port.js";

/** In the root: what this adapter keeps there beside the items' files. */
export const OWN_DIRECTORY = ".holdfast";

/** The directory of a path below the root, and its name in it. */
export function splitPath(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? { directory: "", name: path } : { directory: path.slice(0, slash), name: path.slice(slash + 1) };
}

export function segmentsOf(directory: string): string[] {
  return directory === "" ? [] : directory.split("/");
}

/** Does one thing to a path below a root, whose directory cannot be exchanged meanwhile. Undefined when there is no such directory. */
export function atPath<T>(
  port: FileSystemPort,
  root: string,
  path: string,
  work: (target: string) => T,
): T | undefined {
  const { directory, name } = splitPath(path);
  const held = holdIfThere(port, root, directory);
  if (held === undefined) return undefined;
  try {
    return work(`${held.path}/${name}`);
  } finally {
    held.release();
  }
}

/** A directory below a root; undefined when there is none, or a link stands in its way. */
export function holdIfThere(port: FileSystemPort, root: string, directory: string): HeldDirectory | undefined {
  try {
    return port.holdDirectory(root, segmentsOf(directory));
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that there is no such file, or can be none, or that a link or a directory stands there. */
export function isAbsence(error: unknown): boolean {
  return /^E(?:NOENT|NOTDIR|LOOP|ISDIR|MLINK|NAMETOOLONG)$/.test(codeOf(error) ?? "");
}

/** Whether an error says of one file or directory that this user may not see it, or that its disk does not give it. Others are as they are. */
export function isUnreadable(error: unknown): boolean {
  return /^E(?:ACCES|PERM|IO|BUSY|NXIO)$/.test(codeOf(error) ?? "");
}

/** As `lstat`; undefined also where this user may not look. Who goes on to work there meets the error then, for that path alone. */
export function statIfReadable(port: FileSystemPort, path: string): FileStat | undefined {
  try {
    return port.lstat(path);
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

/** Directories below a root that are worked in: each is held once, whatever happens to its name, until all are released. */
export class WorkingDirectories {
  readonly #port: FileSystemPort;
  readonly #root: string;
  readonly #held = new Map<string, HeldDirectory>();
  readonly #changed = new Set<string>();
  readonly #made: string[] = [];

  constructor(port: FileSystemPort, root: string) {
    this.#port = port;
    this.#root = root;
  }

  /** The path to use for the root itself. */
  get root(): string {
    return this.#hold("").path;
  }

  /** The path to use for a file below the root. Throws ENOENT, ENOTDIR or ELOOP when its directory is not one. */
  locate(path: string): string {
    const { directory, name } = splitPath(path);
    return `${this.#hold(directory).path}/${name}`;
  }

  /** As `locate`; makes the directories that are missing. */
  make(path: string): string {
    const { directory, name } = splitPath(path);
    try {
      return `${this.#hold(directory).path}/${name}`;
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
    const parent = this.make(directory);
    try {
      this.#port.mkdir(parent);
      this.#made.push(directory);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    this.changed(directory);
    return `${this.#hold(directory).path}/${name}`;
  }

  /** A name in the directory of `path` was added, replaced or removed. */
  changed(path: string): void {
    this.#changed.add(splitPath(path).directory);
  }

  /** Brings every change so far to the medium. Rejects when one directory could not be brought there. */
  async fsync(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    // Each is awaited whatever becomes of the others: none may be released meanwhile.
    const outcomes = await Promise.allSettled(changed.map((directory) => this.#fsync(this.#hold(directory))));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** Directories made here. */
  get made(): readonly string[] {
    return this.#made;
  }

  /** Removes a directory and those above it, as far as they are empty. */
  prune(directory: string): void {
    for (let path = directory; path !== ""; path = splitPath(path).directory) {
      try {
        const target = this.locate(path);
        this.#held.get(path)?.release();
        this.#held.delete(path);
        this.#port.rmdir(target);
      } catch (error) {
        // Not empty, or gone already, or somebody looks into it: it does no harm where it is.
        if (codeOf(error) === undefined) throw error;
        return;
      }
      this.#changed.delete(path);
      this.changed(path);
    }
  }

  release(): void {
    for (const held of this.#held.values()) held.release();
    this.#held.clear();
  }

  async #fsync(directory: HeldDirectory): Promise<void> {
    if (directory.fsync === undefined) this.#port.fsyncDirectory(directory.path);
    else await directory.fsync();
  }

  #hold(directory: string): HeldDirectory {
    let held = this.#held.get(directory);
    if (held === undefined) {
      const { directory: parent, name } = splitPath(directory);
      // From the one above, which is often held already: the way from the root is not gone again for each.
      held =
        directory === ""
          ? this.#port.holdDirectory(this.#root, [])
          : this.#port.holdDirectory(this.#hold(parent).path, [name]);
      this.#held.set(directory, held);
    }
    return held;
  }
}

/** Makes a directory and those above it, and brings their names to the medium. */
export function makeDirectories(port: FileSystemPort, path: string): void {
  if (port.lstat(path) !== undefined) return;
  const parent = join(path, "..");
  if (parent !== path) makeDirectories(port, parent);
  try {
    port.mkdir(path);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    throw error;
  }
  port.fsyncDirectory(parent);
}
