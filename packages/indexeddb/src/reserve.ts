import type { AdapterContext, CancelTimer } from "@holdfast/core";
import type { Connection } from "./connection.js";
import { answered, commit } from "./requests.js";

// Large enough to be files of their own, whose room is free at once. One part is what the source of randomness gives at once.
const PARTS = ["reserve0", "reserve1", "reserve2", "reserve3"];
const BYTES = 65_536;
/** Milliseconds after which it is laid in again. */
const DELAY = 5_000;

interface Place {
  readonly connection: Connection;
  readonly context: AdapterContext;
}

/** Room that is kept for deletions, which write too: without it nothing could be deleted from a full store. */
export class Reserve {
  readonly #place: Place;
  #cancel: CancelTimer | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Where there is no room for it, it is laid in when something was deleted. */
  async lay(): Promise<void> {
    const { connection, context } = this.#place;
    try {
      const transaction = await connection.begin(["store"], "readwrite");
      await commit(transaction, async () => {
        const store = transaction.objectStore("store");
        // Random, since browsers store compressed.
        for (const part of PARTS) store.put(context.ports.random.bytes(BYTES), part);
      });
    } catch {
      // A store without one is a store as before.
    }
  }

  /** Gives it up for a while; false when there was none. */
  async release(): Promise<boolean> {
    const { connection, context } = this.#place;
    const transaction = await connection.begin(["store"], "readwrite");
    const there = await commit(transaction, async () => {
      const store = transaction.objectStore("store");
      const [first = "", last] = [PARTS[0], PARTS.at(-1)];
      const range = IDBKeyRange.bound(first, last);
      const there = await answered(store.getKey(range));
      if (there !== undefined) store.delete(range);
      return there !== undefined;
    });
    this.#cancel?.();
    this.#cancel = context.ports.timers.schedule(() => void this.lay(), DELAY, "background");
    return there;
  }

  close(): void {
    this.#cancel?.();
  }
}
