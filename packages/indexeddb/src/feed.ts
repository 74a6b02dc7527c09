import { type AdapterChange, type FeedEntry, type FeedPage, type FeedRange, StorageError } from "@holdfast/core";
import type { Connection } from "./connection.js";
import { type FeedRow, headerOf, isItem, type Row } from "./layout.js";
import { answered } from "./requests.js";
import { fromStored } from "./stored-key.js";
import { newest } from "./summary.js";

/** Rows that are held at once while a watcher catches up. */
const STEP = 100;
const CURSOR = /^([0-9a-f]{16})\.(\d{1,15})\.(\d{1,10})$/;

/** One registration: the same function may be registered twice. */
interface Watcher {
  readonly listener: (change: AdapterChange) => void;
  /** It is told what comes behind this entry of the feed. */
  readonly from: number;
}

/** Reads the feed, for those who ask and for those who watch. */
export class Feed {
  readonly #connection: Connection;
  readonly #watchers = new Set<Watcher>();
  /** The last entry that the watchers were told. */
  #told = 0;
  #catchingUp: Promise<void> | undefined;
  #again = false;
  /** How often another tab said that there is something new. */
  #heard = 0;

  constructor(connection: Connection, channel: BroadcastChannel) {
    this.#connection = connection;
    channel.onmessage = () => {
      this.#heard++;
      this.#catchUp();
    };
  }

  committed(sequence: number, row: FeedRow, alone: boolean): void {
    if (this.#watchers.size === 0) return;
    if (alone && this.#catchingUp === undefined && this.#told === sequence - 1) this.#tell(sequence, row);
    else this.#catchUp();
  }

  async watch(listener: Watcher["listener"]): Promise<() => void> {
    const heard = this.#heard;
    const transaction = await this.#connection.begin(["feed"], "readonly");
    const { sequence } = await newest(transaction.objectStore("feed"));
    if (this.#watchers.size === 0) this.#told = sequence;
    const watcher = { listener, from: sequence };
    this.#watchers.add(watcher);
    // Of a commit behind what was read, whose message came before there was anybody to tell.
    if (this.#heard !== heard) this.#catchUp();
    return () => void this.#watchers.delete(watcher);
  }

  async changes({ after, limit }: FeedRange): Promise<FeedPage> {
    const position = after === undefined ? { sequence: 0, index: 0 } : this.#positionOf(after);
    if (position === undefined) return { outcome: "resync" };
    const transaction = await this.#connection.begin(["feed"], "readonly");
    const feed = transaction.objectStore("feed");
    const start = IDBKeyRange.lowerBound(Math.max(1, position.sequence));
    // An entry has at least one change, so one entry more than changes wanted is enough.
    const [keys, rows] = await Promise.all([
      answered(feed.getAllKeys(start, limit + 1)) as Promise<number[]>,
      answered(feed.getAll(start, limit + 1)) as Promise<FeedRow[]>,
    ]);
    const first = rows[0];
    if (position.sequence > 0 && (keys[0] !== position.sequence || position.index >= (first?.c.length ?? 0))) {
      return { outcome: "resync" };
    }
    if (position.sequence === 0 && keys[0] !== undefined && keys[0] !== 1) return { outcome: "resync" };
    const changes = rows.flatMap((row, at) => this.#entries(keys[at] ?? 0, row));
    const from = position.sequence === 0 ? 0 : position.index + 1;
    return { outcome: "page", changes: changes.slice(from, from + limit) };
  }

  async lastCursor(): Promise<string> {
    const transaction = await this.#connection.begin(["feed"], "readonly");
    const cursor = await answered(transaction.objectStore("feed").openCursor(null, "prev"));
    if (cursor === null) return this.#cursor(0, 0);
    return this.#cursor(cursor.key as number, (cursor.value as FeedRow).c.length - 1);
  }

  close(): void {
    this.#watchers.clear();
  }

  #catchUp(): void {
    if (this.#watchers.size === 0) return;
    this.#again = true;
    // A connection that is gone tells nobody; the next call of the storage says why.
    this.#catchingUp ??= this.#readOn();
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#again && this.#watchers.size > 0) {
        this.#again = false;
        for (let more = true; more; ) more = await this.#readStep();
      }
    } catch {
      // The next call of the storage says why its connection is gone; the next commit brings what was missed.
    }
    // In the same turn as the last look: what comes next starts anew.
    this.#catchingUp = undefined;
  }

  async #readStep(): Promise<boolean> {
    const transaction = await this.#connection.begin(["feed", "records"], "readonly");
    const feed = transaction.objectStore("feed");
    const start = IDBKeyRange.lowerBound(this.#told, true);
    const [keys, rows] = await Promise.all([
      answered(feed.getAllKeys(start, STEP)) as Promise<number[]>,
      answered(feed.getAll(start, STEP)) as Promise<FeedRow[]>,
    ]);
    if (keys[0] !== undefined && keys[0] !== this.#told + 1) {
      await this.#tellAll(transaction);
      return false;
    }
    for (const [at, row] of rows.entries()) this.#tell(keys[at] ?? 0, row);
    return rows.length === STEP;
  }

  /** This tab slept so long that the feed does not reach back: one change for each key stands for those that it missed. */
  async #tellAll(transaction: IDBTransaction): Promise<void> {
    const { sequence } = await newest(transaction.objectStore("feed"));
    const rows = (await answered(transaction.objectStore("records").getAll())) as Row[];
    const c = rows.map((row): FeedRow["c"][number] => {
      if (!isItem(row)) return ["delete", fromStored(row.k), row.d];
      const { key, version } = headerOf(row);
      return ["save", key, version];
    });
    this.#tellChanges(
      sequence,
      c.map((change) => this.#entry(sequence, 0, change)),
    );
  }

  #tell(sequence: number, row: FeedRow): void {
    this.#tellChanges(sequence, this.#entries(sequence, row));
  }

  #tellChanges(sequence: number, changes: readonly FeedEntry[]): void {
    if (sequence <= this.#told) return;
    this.#told = sequence;
    for (const change of changes) {
      for (const watcher of this.#watchers) if (sequence > watcher.from) watcher.listener({ ...change });
    }
  }

  #entries(sequence: number, { c }: FeedRow): FeedEntry[] {
    return c.map((change, index) => this.#entry(sequence, index, change));
  }

  #entry(sequence: number, index: number, [type, key, version]: FeedRow["c"][number]): FeedEntry {
    return { type, key, version, cursor: this.#cursor(sequence, index) };
  }

  #cursor(sequence: number, index: number): string {
    return `${this.#connection.epoch}.${sequence}.${index}`;
  }

  /** Undefined for a cursor of another database. */
  #positionOf(cursor: string): { sequence: number; index: number } | undefined {
    const [, epoch, sequence, index] = CURSOR.exec(cursor) ?? [];
    if (epoch === undefined) {
      throw new StorageError(
        "INVALID_OPTION",
        `${JSON.stringify(cursor)} is not a cursor of this kind of store; pass on one that changes() gave`,
      );
    }
    return epoch === this.#connection.epoch ? { sequence: Number(sequence), index: Number(index) } : undefined;
  }
}
