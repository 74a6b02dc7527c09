import { MOST_IN_TABLE } from "./body-files.js";
import { type Fingerprint, fingerprintOf, isFresh, looksLike } from "./fingerprint.js";
import { hashNow } from "./look.js";
import type { FileStat, FileSystemPort } from "./port/file-system-port.js";
import { isUnreadable } from "./root-directory.js";
import { type FileRow, type StandingPair, standingOf } from "./table/file-table.js";

const MOST_CONFIRMED = 10_000;

/** A young file that was hashed when it had grown old, and was as recorded: a fingerprint that says when is trusted for good. */
export interface Confirmed {
  readonly key: string;
  readonly young: Fingerprint;
  readonly old: Fingerprint;
}

/** Tells whether data files are as they were recorded, mostly from their stat alone. */
export class Trust {
  readonly #port: FileSystemPort;
  readonly #root: string;
  /** By their keys, so that they need not be hashed again. */
  readonly #confirmed = new Map<string, Confirmed>();

  constructor(port: FileSystemPort, root: string) {
    this.#port = port;
    this.#root = root;
  }

  /** True also while the mirror is at work on the key: it looks for itself. */
  isTrusted(row: FileRow): boolean {
    const standing = row.pending === 1 ? undefined : standingOf(row);
    if (standing === undefined) return true;
    try {
      return this.#isAsRecorded(row, standing);
    } catch (error) {
      if (isUnreadable(error)) return false;
      throw error;
    }
  }

  /** What was confirmed and not taken yet. Whoever takes it records it, so that nobody hashes those files again. */
  takeConfirmed(): Confirmed[] {
    const taken = [...this.#confirmed.values()];
    this.#confirmed.clear();
    return taken;
  }

  #isAsRecorded(row: FileRow, standing: StandingPair): boolean {
    const path = `${this.#root}/${standing.path}`;
    const stat = this.#port.lstat(path);
    if (stat === undefined) return false;
    if (row.damaged !== null && looksLike(row.damaged, stat)) return true;
    if (!looksLike(standing.stat, stat)) return false;
    // A large body is verified when it is read.
    if (!isFresh(standing.stat, stat) || stat.size > MOST_IN_TABLE) return true;
    if (this.#confirmed.get(row.key)?.young === standing.stat) return true;
    // Before the file is read: what is changed later than that has a later time.
    const now = this.#port.now();
    if (hashNow(this.#port, path) !== standing.sha256) return false;
    this.#confirm(row.key, standing.stat, stat, now);
    return true;
  }

  #confirm(key: string, young: Fingerprint, stat: FileStat, now: number): void {
    const old = fingerprintOf(stat, now);
    if (isFresh(old, stat)) return;
    if (this.#confirmed.size >= MOST_CONFIRMED) this.#confirmed.clear();
    this.#confirmed.set(key, { key, young, old });
  }
}
