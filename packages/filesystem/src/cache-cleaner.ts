import { BEFORE_ALL_TIME, type CancelTimer, type Ports, VersionClock } from "@holdfast/core";
import type { Connection, GroupCommit, ItemTable } from "@holdfast/sqlite/item-table";
import type { CacheLimits } from "./options.js";
import type { FileTable } from "./table/file-table.js";

export interface CacheCleanerParts {
  readonly limits: CacheLimits;
  readonly ports: Ports;
  readonly connection: Connection;
  readonly group: GroupCommit;
  readonly table: ItemTable;
  readonly files: FileTable;
}

interface Aged {
  readonly key: string;
  readonly modified: number;
  readonly size: number;
}

/** Milliseconds between cleanings. */
const INTERVAL = 10 * 60 * 1000;
/** Items that one transaction deletes. */
const STEP = 256;

/** Keeps a root that is a cache within its limits: what was not saved for longest goes first. */
export class CacheCleaner {
  readonly #parts: CacheCleanerParts;
  readonly #versions: VersionClock;
  #cancel: CancelTimer | undefined;
  #stopped = false;

  constructor(parts: CacheCleanerParts) {
    this.#parts = parts;
    this.#versions = new VersionClock(parts.ports);
  }

  /** Cleans now and then on, until it is stopped. */
  async start(): Promise<void> {
    await this.clean();
    this.#later();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async clean(): Promise<void> {
    const surplus = this.#surplus();
    for (let index = 0; index < surplus.length; index += STEP) await this.#delete(surplus.slice(index, index + STEP));
  }

  #later(): void {
    if (this.#stopped) return;
    const clean = () => {
      // What cannot be cleaned now is cleaned the next time.
      this.clean().then(
        () => this.#later(),
        () => this.#later(),
      );
    };
    this.#cancel = this.#parts.ports.timers.schedule(clean, INTERVAL, "background");
  }

  #surplus(): Aged[] {
    const { limits, ports, connection } = this.#parts;
    const { age = Number.POSITIVE_INFINITY, size = Number.POSITIVE_INFINITY } = limits;
    const items = connection
      .prepare<Aged>("SELECT key, modified, stored_size AS size FROM items ORDER BY modified DESC, key DESC")
      .all();
    const oldest = ports.clock.now() - age;
    let total = 0;
    return items.filter((item) => {
      total += item.size;
      return item.modified < oldest || total > size;
    });
  }

  async #delete(items: readonly Aged[]): Promise<void> {
    const { group, table, files } = this.#parts;
    await group.submit(() => {
      const last = table.feed.lastVersion;
      if (last !== undefined) this.#versions.observe(last);
      for (const { key, modified } of items) {
        const standing = table.stat(key, BEFORE_ALL_TIME);
        // Saved again since it was counted.
        if (standing === undefined || standing.modified !== modified) continue;
        const condition = { version: this.#versions.next(), expect: standing.version, now: BEFORE_ALL_TIME };
        if (table.delete(key, condition).outcome === "deleted") files.mark(key);
      }
    });
  }
}
