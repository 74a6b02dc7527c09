import { BEFORE_ALL_TIME, type CancelTimer, VersionClock } from "@holdfast/core";
import type { EvictionJob } from "./group-jobs.js";
import { headerOf, type ItemRow, isItem, type Row } from "./layout.js";
import { answered, commit } from "./requests.js";
import type { Store } from "./store.js";
import { toStored } from "./stored-key.js";

/** A step frees at least so many bytes, and this share of what is to be written: how much is missing, no browser tells. */
const LEAST = 128 * 1024;
const SHARE = 8;
/** Milliseconds within which a second use of an item is not noted: nobody needs to know it more exactly. */
const EXACTNESS = 60_000;
/** Milliseconds after which what was noted is written. */
const DELAY = 2_000;
/** Items that go in one step at most. */
const STEP = 100;

/** Knows which of the items that may be evicted was used last, and chooses which go. */
export class Eviction {
  readonly #store: Store;
  readonly #versions: VersionClock;
  readonly #uses = new Map<string, number>();
  #cancel: CancelTimer | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
    // Deletions that nobody asked for need versions too: of a maker of their own, so that none is ever anybody else's.
    this.#versions = new VersionClock(store.context.ports);
  }

  /** An item was read. */
  note(stored: string, { u = 0 }: ItemRow): void {
    const { clock, timers } = this.#store.context.ports;
    const now = clock.now();
    if (now - u < EXACTNESS) return;
    this.#uses.set(stored, now);
    this.#cancel ??= timers.schedule(() => void this.#write(), DELAY, "background");
  }

  /**
   * The next to go so that so many bytes find room, those used least recently; undefined when there is none. Never one of
   * `keys`, the stored keys of the write that wants the room: it would find something else there than its caller has seen.
   */
  async choose(bytes: number, keys: readonly string[]): Promise<EvictionJob | undefined> {
    await this.#write();
    const kept = new Set(keys);
    const transaction = await this.#store.connection.begin(["records"], "readonly");
    const used = transaction.objectStore("records").index("used");
    const rows: ItemRow[] = await answered(used.getAll(null, STEP + kept.size));
    const candidates = rows.map(({ u = 0, h }) => {
      const { key, version, storedSize } = headerOf({ h });
      const stored = toStored(key);
      // There may have been no room to write down what was noted.
      return { key, stored, version, storedSize, used: Math.max(u, this.#uses.get(stored) ?? 0) };
    });
    const chosen: typeof candidates = [];
    let sum = 0;
    for (const candidate of candidates.sort((a, b) => a.used - b.used)) {
      if (kept.has(candidate.stored)) continue;
      chosen.push(candidate);
      sum += candidate.storedSize;
      if (sum >= Math.max(bytes / SHARE, LEAST)) break;
    }
    if (chosen.length === 0) return undefined;
    return {
      keys: chosen.map(({ stored }) => stored),
      drops: true,
      work: (workspace) => {
        for (const { key, stored, version } of chosen) {
          this.#versions.observe(version);
          const condition = { version: this.#versions.next(), expect: version, now: BEFORE_ALL_TIME };
          // Whoever rewrote it meanwhile keeps it.
          if (workspace.delete(key, condition).outcome === "deleted") workspace.dropAbove(stored, 0);
        }
      },
      free: () => this.#store.free(),
    };
  }

  async close(): Promise<void> {
    await this.#write();
  }

  #write(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    // What cannot be noted makes an item look older than it is: no reason for anybody's call to fail.
    this.#writing = this.#writing.then(() => this.#writeUses()).catch(() => undefined);
    return this.#writing;
  }

  async #writeUses(): Promise<void> {
    const uses = [...this.#uses];
    if (uses.length === 0) return;
    const transaction = await this.#store.connection.begin(["records"], "readwrite");
    await commit(transaction, async () => {
      const records = transaction.objectStore("records");
      const rows = await Promise.all(uses.map(([stored]) => answered<Row | undefined>(records.get(stored))));
      for (const [index, [stored, u]] of uses.entries()) {
        const row = rows[index];
        if (isItem(row) && row.u !== undefined && row.u < u) records.put({ ...row, u }, stored);
      }
    });
    for (const [stored, u] of uses) if (this.#uses.get(stored) === u) this.#uses.delete(stored);
  }
}
