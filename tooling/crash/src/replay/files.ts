import { setImmediate } from "node:timers/promises";
import type { DirectoryEntry, FileStat, FileSystemPort } from "@holdfast/filesystem/port";

/** What is in a file: an inode, by whatever names. */
export interface Inode {
  readonly number: bigint;
  bytes: Uint8Array;
  mtime: bigint;
  ctime: bigint;
  links: number;
  /** Begins with `bytes`, and has room behind them that nobody else writes into. */
  room?: Uint8Array | undefined;
}

/** One change to a disk, as the adapter asked for it. Directories are known by their paths: none is ever renamed. */
export type Change =
  | { readonly type: "create" | "link"; readonly inode: number; readonly path: string }
  | { readonly type: "rename"; readonly inode: number; readonly from: string; readonly path: string }
  | { readonly type: "unlink" | "mkdir" | "rmdir"; readonly path: string }
  /** Bytes put at an offset. */
  | { readonly type: "write"; readonly inode: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: "fsync"; readonly inode: number }
  | { readonly type: "fsyncDirectory"; readonly path: string };

interface Open {
  readonly inode: Inode;
  position: number;
}

/** The names and files of one disk. `apply` is all that changes it, so that a disk can be made from any list of changes. */
export class Files {
  readonly inodes = new Map<number, Inode>();
  readonly names = new Map<string, Inode>();
  readonly directories: Set<string>;

  constructor(directories: Iterable<string>) {
    this.directories = new Set(directories);
  }

  /** A deep copy; bytes are shared, since they are never changed in place. */
  clone(): Files {
    const copy = new Files(this.directories);
    for (const [number, inode] of this.inodes) copy.inodes.set(number, { ...inode, room: undefined });
    for (const [path, { number }] of this.names) copy.names.set(path, copy.inodes.get(Number(number)) as Inode);
    return copy;
  }

  /** Whether it could be done: a change whose ground is missing is not. */
  apply(change: Change, time: bigint): boolean {
    switch (change.type) {
      case "create": {
        if (!this.#parentOf(change.path) || this.#taken(change.path)) return false;
        const inode = this.#inode(change.inode, time);
        inode.links++;
        this.names.set(change.path, inode);
        return true;
      }
      case "link": {
        if (!this.#parentOf(change.path) || this.#taken(change.path)) return false;
        const inode = this.#inode(change.inode, time);
        inode.links++;
        inode.ctime = time;
        this.names.set(change.path, inode);
        return true;
      }
      case "rename": {
        // What the name before pointed to may not have reached the disk; what comes under the new one has.
        const inode = this.#inode(change.inode, time);
        if (!this.#parentOf(change.path) || this.directories.has(change.path)) return false;
        this.#drop(change.path);
        if (this.names.get(change.from) === inode) this.names.delete(change.from);
        else inode.links++;
        inode.ctime = time;
        this.names.set(change.path, inode);
        return true;
      }
      case "unlink":
        return this.#drop(change.path);
      case "mkdir":
        if (!this.#parentOf(change.path) || this.#taken(change.path)) return false;
        this.directories.add(change.path);
        return true;
      case "rmdir":
        // On the disk it takes along whatever was removed from it before, if only in memory.
        for (const path of [...this.names.keys()]) if (path.startsWith(`${change.path}/`)) this.#drop(path);
        for (const path of this.directories) if (path.startsWith(`${change.path}/`)) this.directories.delete(path);
        return this.directories.delete(change.path);
      case "write": {
        const inode = this.#inode(change.inode, time);
        write(inode, change.offset, change.bytes);
        inode.mtime = time;
        inode.ctime = time;
        return true;
      }
      case "fsync":
      case "fsyncDirectory":
        return true;
    }
  }

  childrenOf(directory: string): DirectoryEntry[] {
    const start = `${directory}/`;
    const below = (path: string): boolean => path.startsWith(start) && !path.includes("/", start.length);
    return [
      ...[...this.directories]
        .filter(below)
        .map((path) => ({ name: path.slice(start.length), kind: "directory" }) as const),
      ...[...this.names.keys()]
        .filter(below)
        .map((path) => ({ name: path.slice(start.length), kind: "file" }) as const),
    ];
  }

  #inode(number: number, time: bigint): Inode {
    let inode = this.inodes.get(number);
    if (inode === undefined) {
      inode = { number: BigInt(number), bytes: NOTHING, mtime: time, ctime: time, links: 0 };
      this.inodes.set(number, inode);
    }
    return inode;
  }

  #drop(path: string): boolean {
    const inode = this.names.get(path);
    if (inode !== undefined) inode.links--;
    return this.names.delete(path);
  }

  #parentOf(path: string): boolean {
    return this.directories.has(path.slice(0, path.lastIndexOf("/")));
  }

  #taken(path: string): boolean {
    return this.names.has(path) || this.directories.has(path);
  }
}

const NOTHING = new Uint8Array();

/** What was in the file stays as it is for whoever holds it. */
function write(inode: Inode, offset: number, bytes: Uint8Array): void {
  const end = Math.max(inode.bytes.byteLength, offset + bytes.byteLength);
  const fits = inode.room !== undefined && inode.room.byteLength >= end && offset >= inode.bytes.byteLength;
  if (inode.room === undefined || !fits) {
    // Twice as much once a file grows piece by piece.
    inode.room = new Uint8Array(inode.bytes.byteLength === 0 ? end : 2 * end);
    inode.room.set(inode.bytes);
  }
  inode.room.set(bytes, offset);
  inode.bytes = inode.room.subarray(0, end);
}

export interface SimulatedDiskOptions {
  /** Nanoseconds since 1970. */
  readonly now: () => bigint;
  readonly told: (change: Change, time: bigint) => void;
  /** How many bytes a write of so many takes. Default: all. */
  readonly taken?: (bytes: number) => number;
}

/** A file system in memory that behaves as a disk does while the power stays on, and tells of every change. */
export class SimulatedDisk implements FileSystemPort {
  readonly files: Files;
  readonly #now: () => bigint;
  readonly #told: (change: Change, time: bigint) => void;
  readonly #open = new Map<number, Open>();
  readonly #taken: (bytes: number) => number;
  #descriptors = 3;
  #inodes: number;

  constructor(files: Files, { now, told, taken = (bytes) => bytes }: SimulatedDiskOptions) {
    this.files = files;
    this.#now = now;
    this.#told = told;
    this.#taken = taken;
    this.#inodes = Math.max(1, ...files.inodes.keys());
  }

  /** Descriptors that were not closed. */
  get descriptors(): number {
    return this.#open.size;
  }

  openToRead(path: string): number {
    const inode = this.files.names.get(path);
    if (inode === undefined) throw failure(this.files.directories.has(path) ? "EISDIR" : "ENOENT", path);
    return this.#describe(inode);
  }

  openNew(path: string): number {
    this.#requireFree(path);
    const inode = ++this.#inodes;
    this.#change({ type: "create", inode, path });
    return this.#describe(this.files.inodes.get(inode) as Inode);
  }

  read(descriptor: number, into: Uint8Array, position: number): number {
    const piece = this.#opened(descriptor).inode.bytes.subarray(position, position + into.byteLength);
    into.set(piece);
    return piece.byteLength;
  }

  write(descriptor: number, bytes: Uint8Array): number {
    const open = this.#opened(descriptor);
    const taken = new Uint8Array(bytes.subarray(0, this.#taken(bytes.byteLength)));
    this.#change({ type: "write", inode: Number(open.inode.number), offset: open.position, bytes: taken });
    open.position += taken.byteLength;
    return taken.byteLength;
  }

  fsync(descriptor: number): void {
    this.#change({ type: "fsync", inode: Number(this.#opened(descriptor).inode.number) });
  }

  async fsyncTogether(descriptors: readonly number[]): Promise<PromiseSettledResult<void>[]> {
    // The real one is off the thread: others have their turn meanwhile.
    await setImmediate();
    for (const descriptor of descriptors) this.fsync(descriptor);
    await setImmediate();
    return Promise.allSettled(descriptors.map(() => Promise.resolve()));
  }

  close(descriptor: number): void {
    if (!this.#open.delete(descriptor)) throw failure("EBADF", String(descriptor));
  }

  fstat(descriptor: number): FileStat {
    return statOf(this.#opened(descriptor).inode);
  }

  lstat(asked: string): FileStat | undefined {
    // No name is a link here, so that following one makes no difference.
    const path = asked.replace(/\/\.$/, "");
    const inode = this.files.names.get(path);
    if (inode !== undefined) return statOf(inode);
    if (!this.files.directories.has(path)) return undefined;
    return { kind: "directory", size: 0, mtime: 0n, ctime: 0n, inode: 1n, device: 1n };
  }

  rename(from: string, to: string): void {
    const inode = this.files.names.get(from);
    if (inode === undefined) throw failure("ENOENT", from);
    if (this.files.directories.has(to)) throw failure("EISDIR", to);
    this.#requireParent(to);
    this.#change({ type: "rename", inode: Number(inode.number), from, path: to });
  }

  link(from: string, to: string): void {
    const inode = this.files.names.get(from);
    if (inode === undefined) throw failure("ENOENT", from);
    this.#requireFree(to);
    this.#change({ type: "link", inode: Number(inode.number), path: to });
  }

  unlink(path: string): void {
    if (!this.files.names.has(path)) throw failure(this.files.directories.has(path) ? "EISDIR" : "ENOENT", path);
    this.#change({ type: "unlink", path });
  }

  mkdir(path: string): void {
    this.#requireFree(path);
    this.#change({ type: "mkdir", path });
  }

  rmdir(path: string): void {
    if (!this.files.directories.has(path)) throw failure("ENOENT", path);
    if (this.files.childrenOf(path).length > 0) throw failure("ENOTEMPTY", path);
    this.#change({ type: "rmdir", path });
  }

  readdir(path: string): DirectoryEntry[] {
    if (!this.files.directories.has(path)) throw failure(this.files.names.has(path) ? "ENOTDIR" : "ENOENT", path);
    return this.files.childrenOf(path);
  }

  /** There are no links. */
  realPath(path: string): string {
    return path;
  }

  holdDirectory(root: string, segments: readonly string[]): { path: string; release(): void } {
    const path = [root, ...segments].join("/");
    if (!this.files.directories.has(path)) throw failure(this.files.names.has(path) ? "ENOTDIR" : "ENOENT", path);
    return { path, release: () => undefined };
  }

  now(): number {
    return Number(this.#now() / 1_000_000n);
  }

  fsyncDirectory(path: string): void {
    if (!this.files.directories.has(path)) throw failure("ENOENT", path);
    this.#change({ type: "fsyncDirectory", path });
  }

  #change(change: Change): void {
    const time = this.#now();
    this.files.apply(change, time);
    this.#told(change, time);
  }

  #describe(inode: Inode): number {
    const descriptor = this.#descriptors++;
    this.#open.set(descriptor, { inode, position: 0 });
    return descriptor;
  }

  #opened(descriptor: number): Open {
    const open = this.#open.get(descriptor);
    if (open === undefined) throw failure("EBADF", String(descriptor));
    return open;
  }

  #requireFree(path: string): void {
    if (this.files.names.has(path) || this.files.directories.has(path)) throw failure("EEXIST", path);
    this.#requireParent(path);
  }

  #requireParent(path: string): void {
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!this.files.directories.has(parent)) throw failure("ENOENT", path);
  }
}

function statOf({ number, bytes, mtime, ctime }: Inode): FileStat {
  return { kind: "file", size: bytes.byteLength, mtime, ctime, inode: number, device: 1n };
}

/** Without a stack, like the operating system's own: most of them are asked for, and stacks would be a tenth of a replay. */
function failure(code: string, path: string): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = Object.assign(new Error(`${code}: ${path}`), { code });
  Error.stackTraceLimit = limit;
  return error;
}
