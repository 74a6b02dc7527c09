import { type CancelTimer, type Ports, StorageError } from "@holdfast/core";
import { breathing } from "../breath.js";
import { isTemporary } from "../names/dropped-in.js";
import { COMPANION_EXTENSION } from "../names/pair-names.js";
import type { FileSystemPort } from "../port/file-system-port.js";
import type { RootWatch, RootWatcher } from "../root-watch.js";
import { type FileRow, type FileTable, standingOf } from "../table/file-table.js";
import { companionAt } from "./companion-at.js";
import type { Edits } from "./edits.js";
import type { Newcomers } from "./newcomers.js";
import { readDirectory, walk } from "./scan.js";

export interface EditWatcherParts {
  readonly watch: RootWatch;
  readonly port: FileSystemPort;
  readonly root: string;
  readonly ports: Ports;
  readonly files: FileTable;
  readonly edits: Edits;
  readonly newcomers: Newcomers;
  readonly isTrusted: (row: FileRow) => boolean;
  /** Marks keys whose companion is missing. */
  readonly mark: (keys: readonly string[]) => Promise<void>;
  /** Compares the whole root with the table. */
  readonly rescan: () => Promise<void>;
}

/** Milliseconds for which events are gathered. */
const GATHERING = 100;
/** Milliseconds between looks at everything, where not everything can be watched. */
const RESCAN = 30_000;

/** Takes in what people do to the files while the store is open. */
export class EditWatcher {
  readonly #parts: EditWatcherParts;
  #watcher: RootWatcher | undefined;
  /** Paths at which something may have happened. */
  #changed = new Set<string>();
  #cancelTimer: CancelTimer | undefined;
  #cancelRescan: CancelTimer | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(parts: EditWatcherParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#watcher !== undefined || this.#closed) return;
    this.#watcher = this.#parts.watch(this.#parts.root, {
      changed: (directory, name) => this.#gather(directory, name),
      incomplete: () => this.#rescanLater(),
    });
    this.#watcher.add("");
  }

  get isRunning(): boolean {
    return this.#watcher !== undefined;
  }

  /** Watches directories from now on, where each has to be watched for itself. */
  add(directories: readonly string[]): void {
    for (const directory of directories) this.#watcher?.add(directory);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watcher?.close();
    this.#cancelTimer?.();
    this.#cancelRescan?.();
    await this.#running;
  }

  #gather(directory: string, name: string | undefined): void {
    if (this.#closed || directory.split("/", 1)[0]?.toLowerCase() === ".holdfast") return;
    if (name !== undefined && (isTemporary(name) || (directory === "" && name.toLowerCase() === ".holdfast"))) return;
    this.#changed.add(name === undefined ? `${directory}/` : directory === "" ? name : `${directory}/${name}`);
    this.#cancelTimer ??= this.#parts.ports.timers.schedule(() => this.#begin(), GATHERING, "background");
  }

  #begin(): void {
    this.#cancelTimer = undefined;
    if (this.#running !== undefined || this.#closed) return;
    const paths = this.#changed;
    this.#changed = new Set();
    this.#running = this.#lookAt(paths)
      .catch((error: unknown) => {
        // What cannot be read or written now is found by the next look: at a load, or when the root is opened.
        if (!StorageError.is(error)) this.#rescanLater();
      })
      .finally(() => {
        this.#running = undefined;
        if (this.#changed.size > 0) this.#begin();
      });
  }

  async #lookAt(paths: ReadonlySet<string>): Promise<void> {
    const breathe = breathing();
    const seen = new Set<string>();
    for (const path of paths) {
      await breathe();
      if (this.#closed) return;
      if (path.endsWith("/")) await this.#lookInto(path.slice(0, -1), seen);
      else await this.#look(path, seen);
    }
  }

  /** `seen`: the keys whose pairs were looked at already, so that two files of one pair take one look. */
  async #look(path: string, seen: Set<string>): Promise<void> {
    const { port, root, files, edits, newcomers, isTrusted, mark } = this.#parts;
    const owner = files.ownerOf(path);
    if (owner !== undefined && seen.has(owner)) return;
    const row = owner === undefined ? undefined : files.find(owner);
    if (row !== undefined) {
      seen.add(row.key);
      const standing = standingOf(row);
      if (row.pending === 1 || standing === undefined) return;
      if (!isTrusted(row)) {
        if ((await edits.examine(row.key)) === "moving") this.#again(path);
      } else if (port.lstat(`${root}/${standing.companion}`) === undefined) await mark([row.key]);
      return;
    }
    const stat = port.lstat(`${root}/${path}`);
    if (stat?.kind === "directory") await this.#lookInto(path, seen);
    else if (stat?.kind === "file") {
      const companion = path.endsWith(COMPANION_EXTENSION) ? companionAt(port, root, path) : undefined;
      // A companion that came after its data file.
      const data = companion === undefined ? path : path.slice(0, path.lastIndexOf("/") + 1) + companion.current.file;
      if (companion !== undefined && files.ownerOf(data) !== undefined) return;
      if ((await newcomers.receive(data)) === "moving") this.#again(path);
    }
  }

  /** A directory that is new, or in which something happened that has no name. */
  async #lookInto(directory: string, seen: Set<string>): Promise<void> {
    const { port, root } = this.#parts;
    if (readDirectory(port, root, directory) === undefined) return;
    for await (const found of walk(port, root, directory)) {
      this.#watcher?.add(found.directory);
      for (const { name, kind } of found.entries) {
        if (kind === "file" && !isTemporary(name)) {
          await this.#look(found.directory === "" ? name : `${found.directory}/${name}`, seen);
        }
      }
    }
  }

  #again(path: string): void {
    this.#changed.add(path);
    this.#cancelTimer ??= this.#parts.ports.timers.schedule(() => this.#begin(), GATHERING, "background");
  }

  #rescanLater(): void {
    if (this.#closed) return;
    this.#cancelRescan ??= this.#parts.ports.timers.schedule(
      () => {
        this.#cancelRescan = undefined;
        this.#parts.rescan().then(
          () => this.#rescanLater(),
          () => this.#rescanLater(),
        );
      },
      RESCAN,
      "background",
    );
  }
}
