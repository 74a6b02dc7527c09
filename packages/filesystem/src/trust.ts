import { MOST_IN_TABLE } from "./body-files.js";
import { type Fingerprint, isFresh, looksLike } from "./fingerprint.js";
import { hashNow } from "./look.js";
import type { FileStat, FileSystemPort } from "./port/file-system-port.js";
import { type FileRow, standingOf } from "./table/file-table.js";

/** Milliseconds after which a second change shows in the modification time. */
const GRAIN = 2_000;
const MOST_CONFIRMED = 10_000;

/** Tells whether data files are as they were recorded, mostly from their stat alone. */
export class Trust {
  readonly #port: FileSystemPort;
  readonly #root: string;
  /** Fingerprints of young files that were hashed when they had grown old, so that they need not be hashed again. */
  readonly #confirmed = new Map<string, Fingerprint>();

  constructor(port: FileSystemPort, root: string) {
    this.#port = port;
    this.#root = root;
  }

  /** True also while the mirror is at work on the key: it looks for itself. */
  isTrusted(row: FileRow): boolean {
    const standing = row.pending === 1 ? undefined : standingOf(row);
    if (standing === undefined) return true;
    const path = `${this.#root}/${standing.path}`;
    const stat = this.#port.lstat(path);
    if (stat === undefined) return false;
    if (row.damaged !== null && looksLike(row.damaged, stat)) return true;
    if (!looksLike(standing.stat, stat)) return false;
    // A large body is verified when it is read.
    if (!isFresh(standing.stat, stat) || stat.size > MOST_IN_TABLE) return true;
    if (this.#confirmed.get(row.key) === standing.stat) return true;
    if (hashNow(this.#port, path) !== standing.sha256) return false;
    this.#confirm(row.key, standing.stat, stat);
    return true;
  }

  #confirm(key: string, fingerprint: Fingerprint, stat: FileStat): void {
    if (this.#port.now() - Number(stat.mtime / 1_000_000n) < GRAIN) return;
    if (this.#confirmed.size >= MOST_CONFIRMED) this.#confirmed.clear();
    this.#confirmed.set(key, fingerprint);
  }
}
