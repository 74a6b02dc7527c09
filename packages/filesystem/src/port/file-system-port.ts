/**
 * Every call that the adapter makes on files of the root and of the state directory, SQLite's own apart. Synchronous: a thread
 * hop costs more than most of these calls do. Another implementation can record, simulate or break them.
 *
 * Paths are absolute. Errors carry the system's code (`ENOENT`, `EIO`) as `code`.
 */
export interface FileSystemPort {
  /** A file that is there, for reading. MUST NOT follow a symbolic link at its end. */
  openToRead(path: string): number;
  /** A new file, for writing, readable by this user alone. Throws EEXIST. */
  openNew(path: string): number;
  /** Bytes read, from a position; fewer than asked for is legal, 0 is the end. */
  read(descriptor: number, into: Uint8Array, position: number): number;
  /** Bytes written, behind what was written before; fewer than asked for is legal. */
  write(descriptor: number, bytes: Uint8Array): number;
  /** Data and size are on the medium afterwards. After a failure nobody knows; it MUST NOT be asked again. */
  fsync(descriptor: number): void;
  /**
   * As `fsync`, for several files at once and off this thread: where they share a journal they cost little more than one. Resolves
   * when each is on the medium or has failed; the answers stand in the order of the files.
   */
  fsyncTogether(descriptors: readonly number[]): Promise<readonly PromiseSettledResult<void>[]>;
  /** May report what a write before it met. */
  close(descriptor: number): void;
  fstat(descriptor: number): FileStat;
  /** Undefined when nothing is there. Does not follow a symbolic link. */
  lstat(path: string): FileStat | undefined;
  /** The one path of a directory that has several: without links, spelled as the file system has it. Throws ENOENT. */
  realPath(path: string): string;
  /** Replaces a file that stands at `to`, in one step for readers. */
  rename(from: string, to: string): void;
  /** A second name for a file. Throws EEXIST; EPERM, ENOTSUP or EXDEV where there are no links. */
  link(from: string, to: string): void;
  unlink(path: string): void;
  /** One directory. Throws EEXIST. */
  mkdir(path: string): void;
  /** Throws ENOTEMPTY or EEXIST when it is not empty. */
  rmdir(path: string): void;
  readdir(path: string): DirectoryEntry[];
  /**
   * A path that leads to a directory below `root` for as long as it is held, where the platform can also when the directory is
   * renamed or replaced meanwhile. MUST NOT follow a symbolic link in `segments`: throws ENOTDIR or ELOOP; ENOENT when it
   * is not there.
   */
  holdDirectory(root: string, segments: readonly string[]): HeldDirectory;
  /** Names made, changed and removed in it are on the medium afterwards. Does nothing where the platform has no such call. */
  fsyncDirectory(path: string): void;
  /** Milliseconds since 1970 by the clock that file times come from. */
  now(): number;
}

export interface HeldDirectory {
  readonly path: string;
  /**
   * As `fsyncDirectory`, off this thread: what several ask for at once costs little more than one. Where it is missing,
   * `fsyncDirectory` is called.
   */
  fsync?(): Promise<void>;
  /** MUST NOT be called while an fsync is under way. */
  release(): void;
}

/** What stands under a name. `other`: a device, a socket, a pipe. */
export type FileKind = "file" | "directory" | "symlink" | "other";

/** What the file system knows of a file. */
export interface FileStat {
  readonly kind: FileKind;
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

/** One name in a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: FileKind;
}
