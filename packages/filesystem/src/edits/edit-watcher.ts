import { type CancelTimer, type Ports, StorageError } from "@holdfast/core";
import { breathing } from "../breath.js";
import { isTemporary } from "../names/dropped-in.js";
import { COMPANION_EXTENSION } from "../names/pair-names.js";
import type { FileSystemPort } from "../port/file-system-port.js";
import { atPath, isUnreadable, OWN_DIRECTORY } from "../root-directory.js";
import type { RootWatch, RootWatcher } from "../root-watch.js";
import { type FileRow, type FileTable, standingOf } from "../table/file-table.js";
import { companionAt } from "./companion-at.js";
import type { Edits, Verdict } from "./edits.js";
import type { Newcomers, Reception } from "./newcomers.js";
import { AT_ONCE, Queue } from "./queue.js";
import type { RefusedFiles } from "./refused-files.js";
import { type WalkEvents, walk } from "./scan.js";

export interface EditWatcherParts {
  readonly watch: RootWatch;
  readonly port: FileSystemPort;
  readonly root: string;
  readonly ports: Ports;
  readonly files: FileTable;
  readonly edits: Edits;
  readonly newcomers: Newcomers;
  readonly refused: RefusedFiles;
  readonly isTrusted: (row: FileRow) => boolean;
  /** Marks keys whose companion is missing. */
  readonly mark: (keys: readonly string[]) => Promise<void>;
  /** Compares the whole root with the table. */
  readonly rescan: () => Promise<void>;
}

/** Why a path could not be taken in yet. */
type Obstacle = "moving" | "unreadable";

interface Unsettled {
  readonly obstacle: Obstacle;
  readonly looks: number;
  /** Of the look that is to come. */
  cancel: CancelTimer | undefined;
}

/** A pair that does not stand where it is recorded. */
interface Lost {
  readonly key: string;
  readonly path: string;
}

/** Milliseconds for which events are gathered. */
const GATHERING = 100;
/** Milliseconds until a file that could not be taken in is looked at again; twice as long after each look. */
const LONGEST_PAUSE = 1_600;
/** As `LONGEST_PAUSE`, of what cannot be read: it may stay so for good. */
const LONGEST_PAUSE_UNREADABLE = 30_000;
/** Names that are read at once. */
const PAGE = 1_000;
/** Milliseconds between looks at everything, where not everything can be watched. */
const RESCAN = 30_000;

/** Takes in what people do to the files while the store is open. */
export class EditWatcher {
  readonly #parts: EditWatcherParts;
  #watcher: RootWatcher | undefined;
  /** Paths at which something may have happened. */
  #changed = new Set<string>();
  /** Paths that could not be taken in, with the looks so far. Those that are to be looked at again by themselves have a timer. */
  readonly #unsettled = new Map<string, Unsettled>();
  #cancelTimer: CancelTimer | undefined;
  #cancelRescan: CancelTimer | undefined;
  #running: Promise<void> | undefined;
  /** Whether there are changes of which nothing is told. */
  #isIncomplete = false;
  #closed = false;

  constructor(parts: EditWatcherParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#watcher !== undefined || this.#closed) return;
    this.#watcher = this.#parts.watch(this.#parts.root, {
      changed: (directory, name) => this.#gather(directory, name),
      incomplete: () => {
        this.#isIncomplete = true;
        this.#rescanLater();
      },
    });
    this.#watcher.add("");
    this.#parts.refused.listen((path) => {
      if (path === undefined) {
        this.#rescanLater();
        return;
      }
      this.#changed.add(path);
      this.#beginLater();
    });
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
    for (const { cancel } of this.#unsettled.values()) cancel?.();
    await this.#running;
  }

  #gather(directory: string, name: string | undefined): void {
    if (this.#closed || directory.split("/", 1)[0]?.toLowerCase() === OWN_DIRECTORY) return;
    if (name !== undefined && (isTemporary(name) || (directory === "" && name.toLowerCase() === OWN_DIRECTORY))) return;
    const path = name === undefined ? `${directory}/` : directory === "" ? name : `${directory}/${name}`;
    const unsettled = this.#unsettled.get(path);
    // While it goes on changing, each look at a large file would read it anew.
    if (unsettled?.obstacle !== "moving" || unsettled.cancel === undefined) this.#changed.add(path);
    this.#beginLater();
  }

  #beginLater(): void {
    if (this.#closed || this.#changed.size === 0) return;
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
        this.#beginLater();
      });
  }

  async #lookAt(paths: ReadonlySet<string>): Promise<void> {
    const breathe = breathing();
    const seen = new Set<string>();
    for (const path of paths) {
      await breathe();
      if (this.#closed) return;
      if (path.endsWith("/")) await this.#lookInto(path.slice(0, -1), seen);
      else await this.#lookIfThere(path, seen);
    }
    // What has gone comes last: it may have been moved to where something has come.
    const queue = new Queue(AT_ONCE);
    const known = new Set<string>();
    try {
      for (const path of paths) {
        for (const lost of this.#lostAt(path, seen)) {
          await breathe();
          if (this.#closed) return;
          if (known.has(lost.key)) continue;
          known.add(lost.key);
          await queue.add(() => this.#lookAtLost(lost, seen));
        }
      }
    } finally {
      await queue.drained();
    }
  }

  /** Pairs of which a part does not stand, of the key whose file a path is, and of those that have theirs below it. */
  *#lostAt(path: string, seen: ReadonlySet<string>): Iterable<Lost> {
    const { files } = this.#parts;
    const directory = path.endsWith("/") ? path.slice(0, -1) : path;
    const owner = directory === path ? files.ownerOf(path) : undefined;
    if (owner !== undefined && !seen.has(owner)) yield { key: owner, path };
    for (const keys of files.below(directory, PAGE)) {
      for (const key of keys) {
        const row = seen.has(key) ? undefined : files.find(key);
        const standing = row?.pending === 0 ? standingOf(row) : undefined;
        if (standing === undefined || (this.#mayBeThere(standing.path) && this.#mayBeThere(standing.companion)))
          continue;
        yield { key, path: standing.path };
      }
    }
  }

  /** A file that was refused for the sake of the lost one may be that very one, which was moved. */
  async #lookAtLost({ key, path }: Lost, seen: Set<string>): Promise<void> {
    const { files, newcomers, refused } = this.#parts;
    if (files.find(key)?.pending === 0) {
      for (const other of refused.take(key)) this.#looked(other, obstacleOf(await newcomers.receive(other)));
    }
    await this.#look(path, seen);
  }

  /** Passes over what is left of a pair whose data file has gone. */
  async #lookIfThere(path: string, seen: Set<string>): Promise<void> {
    const { files } = this.#parts;
    const owner = files.ownerOf(path);
    if (owner !== undefined && seen.has(owner)) return;
    const row = owner === undefined ? undefined : files.find(owner);
    if (this.#mayBeThere(row?.path ?? path)) await this.#look(path, seen);
  }

  /** True also where this user may not look. Links on the way are not followed. */
  #mayBeThere(path: string): boolean {
    const { port, root } = this.#parts;
    try {
      return atPath(port, root, path, (target) => port.lstat(target)) !== undefined;
    } catch (error) {
      if (isUnreadable(error)) return true;
      throw error;
    }
  }

  /** `seen`: the keys whose pairs were looked at already, so that two files of one pair take one look. */
  async #look(path: string, seen: Set<string>): Promise<void> {
    const owner = this.#parts.files.ownerOf(path);
    if (owner !== undefined && seen.has(owner)) return;
    this.#looked(path, await this.#takeInIfReadable(path, owner, seen));
  }

  /** What one path meets says nothing of the others that were gathered with it. */
  async #takeInIfReadable(path: string, owner: string | undefined, seen: Set<string>): Promise<Obstacle | undefined> {
    try {
      return await this.#takeIn(path, owner, seen);
    } catch (error) {
      if (isUnreadable(error)) return "unreadable";
      throw error;
    }
  }

  /** Why it is to be looked at again; undefined when it is not. */
  async #takeIn(path: string, owner: string | undefined, seen: Set<string>): Promise<Obstacle | undefined> {
    const { port, root, files, edits, newcomers, isTrusted, mark } = this.#parts;
    const row = owner === undefined ? undefined : files.find(owner);
    if (row !== undefined) {
      seen.add(row.key);
      const standing = standingOf(row);
      if (row.pending === 1 || standing === undefined) return undefined;
      if (!isTrusted(row)) return obstacleOf(await edits.examine(row.key));
      if (port.lstat(`${root}/${standing.companion}`) === undefined) await mark([row.key]);
      return undefined;
    }
    const stat = port.lstat(`${root}/${path}`);
    if (stat?.kind === "directory") await this.#lookInto(path, seen);
    else if (stat?.kind === "file") {
      const companion = path.endsWith(COMPANION_EXTENSION) ? companionAt(port, root, path) : undefined;
      // A companion that came after its data file.
      const data = companion === undefined ? path : path.slice(0, path.lastIndexOf("/") + 1) + companion.current.file;
      if (companion !== undefined && files.ownerOf(data) !== undefined) return undefined;
      return obstacleOf(await newcomers.meet(data));
    }
    return undefined;
  }

  /** A directory that is new, or in which something happened that has no name. */
  async #lookInto(directory: string, seen: Set<string>): Promise<void> {
    const { port, root } = this.#parts;
    const events: WalkEvents = {
      entering: (each) => this.#watcher?.add(each),
      unreadable: (each) => this.#looked(`${each}/`, "unreadable"),
    };
    try {
      for await (const found of walk(port, root, directory, events)) {
        this.#looked(`${found.directory}/`, undefined);
        for (const { name, kind } of found.entries) {
          if (kind === "file" && !isTemporary(name)) {
            await this.#look(found.directory === "" ? name : `${found.directory}/${name}`, seen);
          }
        }
      }
    } catch (error) {
      // The root itself.
      if (!isUnreadable(error)) throw error;
      this.#looked(`${directory}/`, "unreadable");
    }
  }

  /** A file that could not be taken in is looked at again, later each time. */
  #looked(path: string, obstacle: Obstacle | undefined): void {
    const before = this.#unsettled.get(path);
    before?.cancel?.();
    this.#unsettled.delete(path);
    if (obstacle === undefined || this.#closed) return;
    this.#changed.delete(path);
    const looks = (before?.looks ?? 0) + 1;
    const again = () => {
      unsettled.cancel = undefined;
      this.#changed.add(path);
      this.#beginLater();
    };
    const longest = obstacle === "moving" ? LONGEST_PAUSE : LONGEST_PAUSE_UNREADABLE;
    const pause = Math.min(longest, GATHERING * 2 ** (looks - 1));
    const cancel = this.#parts.ports.timers.schedule(again, pause, "background");
    const unsettled: Unsettled = { obstacle, looks, cancel };
    this.#unsettled.set(path, unsettled);
  }

  #rescanLater(): void {
    if (this.#closed) return;
    this.#cancelRescan ??= this.#parts.ports.timers.schedule(
      () => {
        this.#cancelRescan = undefined;
        this.#parts.rescan().then(
          () => {
            if (this.#isIncomplete) this.#rescanLater();
          },
          () => this.#rescanLater(),
        );
      },
      RESCAN,
      "background",
    );
  }
}

function obstacleOf(found: Verdict | Reception): Obstacle | undefined {
  return found === "moving" || found === "unreadable" ? found : undefined;
}
