import { type FSWatcher, lstatSync, watch } from "node:fs";
import { basename, join } from "node:path";
import { codeOf } from "@holdfast/sqlite/item-table";

/** What a watch tells. */
export interface RootWatchEvents {
  /** Something may have changed in a directory, given relative to the root with "/" ("" is the root), perhaps at `name`. */
  changed(directory: string, name: string | undefined): void;
  /** Not everything can be watched any more. */
  incomplete(): void;
}

export interface RootWatcher {
  /** A directory that is to be watched from now on; nothing when it is already. */
  add(directory: string): void;
  /** Ends every watch; nothing is told any more. */
  close(): void;
}

/** Starts to watch a root. */
export type RootWatch = (root: string, events: RootWatchEvents) => RootWatcher;

/**
 * Watches with the platform's recursive watch on macOS and Windows, elsewhere with one watch for each directory: chokidar and
 * Node's own recursion take one for each file, which for a large tree is more than Linux allows a user.
 */
export const watchDirectories: RootWatch = (root, events) =>
  process.platform === "darwin" || process.platform === "win32"
    ? watchRecursively(root, events)
    : new DirectoryWatches(root, events);

function watchRecursively(root: string, events: RootWatchEvents): RootWatcher {
  const watcher = watch(root, { recursive: true, persistent: false }, (_, file) => {
    if (file === null) {
      events.changed("", undefined);
      return;
    }
    const parts = file.split(/[\\/]/);
    const name = parts.pop();
    events.changed(parts.join("/"), name);
  });
  watcher.on("error", () => events.incomplete());
  return { add: () => undefined, close: () => watcher.close() };
}

/**
 * What happens to a directory itself is told by the last segment of the path that is watched: by this one, which nothing in it can have. Where
 * somebody else in the process watches it already, by the last segment of theirs: libuv has one watch for each directory.
 */
const ITSELF = ".";

class DirectoryWatches implements RootWatcher {
  readonly #root: string;
  readonly #events: RootWatchEvents;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(root: string, events: RootWatchEvents) {
    this.#root = root;
    this.#events = events;
  }

  add(directory: string): void {
    if (this.#watchers.has(directory)) return;
    const path = join(this.#root, directory);
    try {
      const watcher = watch(`${path}/${ITSELF}`, { persistent: false }, (type, name) => {
        if (name !== ITSELF) this.#events.changed(directory, name ?? undefined);
        if (type === "rename" && directory !== "" && this.#isItself(directory, name)) this.#renew(directory, watcher);
      });
      watcher.on("error", () => {
        this.#drop(directory, watcher);
        this.#events.changed(directory, undefined);
      });
      this.#watchers.set(directory, watcher);
    } catch (error) {
      // It is gone already, or this user may not look into it either; else the system allows no more watches.
      if (!/^E(?:NOENT|NOTDIR|ACCES)$/.test(codeOf(error) ?? "")) this.#events.incomplete();
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Whether a name that an event tells is that of the watched directory. */
  #isItself(directory: string, name: string | null): boolean {
    if (name === ITSELF) return true;
    // What is in it may have that name too. When that went, the directory is looked into once more than it had to be.
    return name === basename(directory) && !mayBeThere(join(this.#root, directory, name));
  }

  /**
   * A directory went, was moved, or has other rights. Whether it still is what is watched cannot be told: one that was made since may
   * even have the same inode. What is below it went with it, and tells nothing when it was moved; who looks into the directory adds it
   * again.
   */
  #renew(directory: string, watcher: FSWatcher): void {
    if (this.#watchers.get(directory) !== watcher) return;
    for (const [path, below] of this.#watchers) if (path.startsWith(`${directory}/`)) this.#drop(path, below);
    this.#drop(directory, watcher);
    if (!isDirectory(join(this.#root, directory))) return;
    this.add(directory);
    this.#events.changed(directory, undefined);
  }

  #drop(directory: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watchers.get(directory) === watcher) this.#watchers.delete(directory);
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** True also where nobody may look. */
function mayBeThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
