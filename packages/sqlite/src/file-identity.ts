import { existsSync, realpathSync, statSync } from "node:fs";
import { type Clock, StorageError } from "@holdfast/core";

/** Milliseconds between two looks at which file the log is. */
const LOG_INTERVAL = 1_000;

/**
 * Which file a database was opened as. SQLite does not notice when its files are deleted or replaced: it goes on writing
 * into files that have no name any more, and acknowledges it.
 */
export class FileIdentity {
  readonly #path: string;
  readonly #log: string;
  readonly #device: bigint | undefined;
  readonly #inode: bigint | undefined;
  readonly #clock: Clock;
  #logInode: bigint | undefined;
  #logSeen: number;

  /** Of a database that is open. */
  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#log = logOf(path);
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    this.#device = stat?.dev;
    this.#inode = stat?.ino;
    this.#clock = clock;
    this.#logInode = inodeOf(this.#log);
    this.#logSeen = elapsed(clock);
  }

  /**
   * Throws UNAVAILABLE unless the path still leads to the file. Takes a few microseconds, so that every commit can afford it. That the
   * log was replaced is noticed within a second.
   */
  verify(): void {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) throw lost(this.#path, "was deleted");
    if (stat.ino !== this.#inode || stat.dev !== this.#device) throw lost(this.#path, "was replaced");
    if (!existsSync(this.#log)) throw lost(this.#log, "was deleted");
    // By its inode seldom: asking for the times of a file that is being written makes the next fsync write its metadata too,
    // which costs as much as half of a save (Linux since 6.13).
    const now = elapsed(this.#clock);
    if (now - this.#logSeen < LOG_INTERVAL) return;
    const inode = inodeOf(this.#log);
    this.#logInode ??= inode;
    if (inode !== this.#logInode) throw lost(this.#log, "was replaced");
    this.#logSeen = now;
  }
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function elapsed(clock: Clock): number {
  return clock.elapsed?.() ?? clock.now();
}

/**
 * Where the write-ahead log of a database that is there is. Behind symbolic links SQLite puts it beside the file they lead to, but
 * on Windows, where it does not follow them.
 */
export function logOf(path: string): string {
  return `${process.platform === "win32" ? path : realpathSync(path)}-wal`;
}

function lost(path: string, what: string): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    `${path} ${what} while it was open: what was saved since is not where the path leads to; close this storage and open it again`,
    { retryable: false },
  );
}
