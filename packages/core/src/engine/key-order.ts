import { isPromise } from "../awaitable.js";
import type { Awaitable } from "../spi/index.js";

/**
 * Keeps writes of one key in the order in which they were called. A value may take time to encode (compression, Web
 * Crypto): without this, a later call with a smaller value would overtake, and the earlier one would be what stays.
 */
export class KeyOrder {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Resolves to what `preparation` gives, after every earlier preparation for one of the keys. Waits only where one is under way. */
  turn<T>(keys: readonly string[], preparation: Awaitable<T>): Awaitable<T> {
    if (this.#last.size === 0 && !isPromise(preparation)) return preparation;
    const previous = keys.flatMap((key) => this.#last.get(key) ?? []);
    if (previous.length === 0 && !isPromise(preparation)) return preparation;
    return this.#queue(keys, after(previous, preparation));
  }

  async #queue<T>(keys: readonly string[], mine: Promise<T>): Promise<T> {
    for (const key of keys) this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      for (const key of keys) if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

async function after<T>(previous: readonly Promise<unknown>[], preparation: Awaitable<T>): Promise<T> {
  // The preparation is awaited even when it fails before its turn, so that its error has somebody to go to.
  const [prepared] = await Promise.allSettled([preparation, ...previous]);
  if (prepared.status === "rejected") throw prepared.reason;
  return prepared.value;
}
