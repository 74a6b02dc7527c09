import { StorageError, sleep, type Timers } from "@holdfast/core";

export interface BackPressureParts {
  readonly timers: Timers;
  /** Items that may wait for their files. */
  readonly most: number;
  /** Milliseconds to wait while none of them moves on. */
  readonly timeout: number;
  /** How many wait; walks an index. */
  readonly count: () => number;
  readonly wake: () => void;
}

/** Milliseconds between looks. */
const PATIENCE = 10;

/** Lets writes wait while the mirror is far behind, so that what is left to do at `close` stays bounded. */
export class BackPressure {
  readonly #parts: BackPressureParts;
  /** At most so many wait. Items that are saved again and again are counted each time, until somebody counts anew. */
  #estimate: number;
  #underWay = 0;
  #relief: Promise<void> | undefined;

  constructor(parts: BackPressureParts) {
    this.#parts = parts;
    this.#estimate = parts.count();
  }

  /** Runs one write of so many items, when there is room for one; all items of a batch are admitted together. */
  async admit<T>(items: number, write: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    while (this.#estimate >= this.#parts.most) {
      this.#relief ??= this.#waitForRoom().finally(() => {
        this.#relief = undefined;
      });
      await this.#relief;
      signal?.throwIfAborted();
    }
    this.#estimate += items;
    this.#underWay += items;
    try {
      return await write();
    } finally {
      this.#underWay -= items;
    }
  }

  /** Whether half of those that may wait do: the mirror does not wait for saves then. */
  get isCrowded(): boolean {
    return this.#estimate >= this.#parts.most / 2;
  }

  /** Counts anew those that wait. To be called when that is quick, since few do. */
  recount(): void {
    this.#estimate = this.#parts.count() + this.#underWay;
  }

  async #waitForRoom(): Promise<void> {
    const { timers, most, timeout, count, wake } = this.#parts;
    let least = Number.POSITIVE_INFINITY;
    for (let waited = 0; ; waited += PATIENCE) {
      const waiting = count();
      this.#estimate = waiting + this.#underWay;
      if (this.#estimate < most) return;
      if (waiting < least) {
        least = waiting;
        waited = 0;
      }
      if (waited >= timeout) {
        throw new StorageError(
          "UNAVAILABLE",
          `${waiting} saved items wait for their files and none moves on: look at the disk, and at what flush() says`,
        );
      }
      wake();
      await sleep(timers, PATIENCE);
    }
  }
}
