/** What the adapter stands on, for who records, simulates or breaks it. */

export { filesystemOn } from "./filesystem-adapter.js";
export { type Internals, realInternals } from "./internals.js";
export type { MirrorLock, MirrorLockOptions } from "./mirror-lock.js";
export type { CacheLimits, FilesystemOptions, ScanProgress } from "./options.js";
export type { DirectoryEntry, FileKind, FileStat, FileSystemPort, HeldDirectory } from "./port/file-system-port.js";
export { nodeFileSystem } from "./port/node-file-system.js";
export type { RootWatch, RootWatchEvents, RootWatcher } from "./root-watch.js";
