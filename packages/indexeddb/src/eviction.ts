import { BEFORE_ALL_TIME, type CancelTimer, VersionClock } from "@holdfast/core";
import type { EvictionJob } from "./group-commit.js";
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

const RESERVE = "reserve";
// One call of the browser's source of randomness; large enough to be a file of its own, whose room is free at once.
const RESERVE_BYTES = 65_536;

/** Knows which of the items that may be evicted was used last, and chooses which go. */
export class Eviction {
  readonly #store: Store;
  readonly #versions: VersionClock;
  readonly #uses = new Map<string, number>();
  #cancel: CancelTimer | undefined;
  #cancelReserve: CancelTimer | undefined;
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

  /** The next to go so that so many bytes find room, those used least recently; undefined when there is none. */
  async choose(bytes: number): Promise<EvictionJob | undefined> {
    await this.#write();
    const transaction = await this.#store.connection.begin(["records"], "readonly");
    const rows: ItemRow[] = await answered(transaction.objectStore("records").index("used").getAll(null, STEP));
    const chosen: { key: string; version: ReturnType<typeof headerOf>["version"] }[] = [];
    let sum = 0;
    for (const row of rows) {
      const { key, version, storedSize } = headerOf(row);
      chosen.push({ key, version });
      sum += storedSize;
      if (sum >= Math.max(bytes / SHARE, LEAST)) break;
    }
    if (chosen.length === 0) return undefined;
    return {
      keys: chosen.map(({ key }) => toStored(key)),
      work: (workspace) => {
        for (const { key, version } of chosen) {
          this.#versions.observe(version);
          // Whoever rewrote it meanwhile keeps it.
          workspace.delete(key, { version: this.#versions.next(), expect: version, now: BEFORE_ALL_TIME });
        }
      },
      free: async () => {
        await this.#store.free();
        this.#later();
      },
      release: () => this.#release(),
    };
  }

  /** Keeps room for the deletions of an eviction, which a full store would not take. */
  async reserve(): Promise<void> {
    const transaction = await this.#store.connection.begin(["store"], "readwrite");
    await commit(transaction, async () => {
      const store = transaction.objectStore("store");
      if ((await answered(store.getKey(RESERVE))) === undefined) {
        // Random: browsers store compressed.
        store.put(this.#store.context.ports.random.bytes(RESERVE_BYTES), RESERVE);
      }
    });
  }

  async #release(): Promise<boolean> {
    const transaction = await this.#store.connection.begin(["store"], "readwrite");
    return commit(transaction, async () => {
      const store = transaction.objectStore("store");
      const there = (await answered(store.getKey(RESERVE))) !== undefined;
      if (there) store.delete(RESERVE);
      return there;
    });
  }

  #later(): void {
    this.#cancelReserve?.();
    const { timers } = this.#store.context.ports;
    // When there is no room for it, the next eviction asks again.
    this.#cancelReserve = timers.schedule(() => void this.reserve().catch(() => undefined), DELAY, "background");
  }

  async close(): Promise<void> {
    this.#cancelReserve?.();
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
    this.#uses.clear();
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
  }
}
