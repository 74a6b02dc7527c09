import {
  type BigIntStats,
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  fsync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DirectoryEntry, FileKind, FileStat, FileSystemPort, HeldDirectory } from "./file-system-port.js";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_WRONLY } = constants;
// Windows has no such flag: 0 there.
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
/** Without it, opening a pipe waits for somebody to write into it. */
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;
/** Only Linux has names for open directories. */
const HAS_PROC = process.platform === "linux";
const IS_WINDOWS = process.platform === "win32";
/** A virus scanner or an indexer holds a fresh file for some milliseconds. */
const RENAME_TRIES = 10;

const fsyncLater = promisify(fsync);

/** The real files. */
export const nodeFileSystem: FileSystemPort = {
  openToRead: (path) => openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
  openNew: (path) => openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600),
  read: (descriptor, into, position) => readSync(descriptor, into, 0, into.byteLength, position),
  write: (descriptor, bytes) => writeSync(descriptor, bytes, 0, bytes.byteLength),
  fsync: (descriptor) => fsyncSync(descriptor),
  fsyncTogether: (descriptors) => Promise.allSettled(descriptors.map((descriptor) => fsyncLater(descriptor))),
  close: (descriptor) => closeSync(descriptor),
  fstat: (descriptor) => toStat(fstatSync(descriptor, { bigint: true })),
  lstat(path) {
    try {
      const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      return stat && toStat(stat);
    } catch (error) {
      if (codeOf(error) === "ENAMETOOLONG") return undefined;
      throw error;
    }
  },
  realPath,
  rename,
  link: (from, to) => linkSync(from, to),
  unlink: (path) => unlinkSync(path),
  mkdir: (path) => mkdirSync(path, 0o700),
  rmdir: (path) => rmdirSync(path),
  readdir: (path) => readdirSync(path, { withFileTypes: true }).map(toEntry),
  holdDirectory: HAS_PROC ? holdByDescriptor : holdByPath,
  now: () => Date.now(),
  fsyncDirectory(path) {
    if (IS_WINDOWS) return;
    const descriptor = openSync(path, O_RDONLY | O_DIRECTORY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
};

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (!IS_WINDOWS) throw error;
    // Not every driver of a disk there can say it; then links alone are followed.
    return realpathSync(path);
  }
}

function rename(from: string, to: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (!IS_WINDOWS || attempt === RENAME_TRIES || !/^E(?:PERM|ACCES|BUSY)$/.test(codeOf(error))) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, attempt);
    }
  }
}

/** Opens each directory below the one before, so that none can be replaced by a link in between. */
function holdByDescriptor(root: string, segments: readonly string[]): HeldDirectory {
  let descriptor = openSync(root, O_RDONLY | O_DIRECTORY);
  for (const segment of segments) {
    const parent = descriptor;
    try {
      descriptor = openSync(`/proc/self/fd/${parent}/${segment}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } finally {
      closeSync(parent);
    }
  }
  return {
    path: `/proc/self/fd/${descriptor}`,
    fsync: () => fsyncLater(descriptor),
    release: () => closeSync(descriptor),
  };
}

function holdByPath(root: string, segments: readonly string[]): HeldDirectory {
  let path = root;
  for (const segment of segments) {
    path = join(path, segment);
    if (lstatSync(path).isDirectory()) continue;
    throw Object.assign(new Error(`ENOTDIR: a link or a file stands where a directory belongs, ${path}`), {
      code: "ENOTDIR",
    });
  }
  return { path, release: () => undefined };
}

function toStat(stat: BigIntStats): FileStat {
  return {
    kind: kindOf(stat),
    size: Number(stat.size),
    mtime: stat.mtimeNs,
    ctime: stat.ctimeNs,
    inode: stat.ino,
    device: stat.dev,
  };
}

function toEntry(entry: Dirent): DirectoryEntry {
  return { name: entry.name, kind: kindOf(entry) };
}

function kindOf(of: Pick<Dirent, "isFile" | "isDirectory" | "isSymbolicLink">): FileKind {
  if (of.isFile()) return "file";
  if (of.isDirectory()) return "directory";
  return of.isSymbolicLink() ? "symlink" : "other";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
