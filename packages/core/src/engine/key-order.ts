import type { Awaitable } from "../spi/index.js";

/**
 * Keeps writes of one key in the order in which they were called. A value may take time to encode (compression, Web
 * Crypto): without this, a later call with a smaller value would overtake, and the earlier one would be what stays.
 */
export class KeyOrder {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Resolves to what `preparation` gives, after every earlier preparation for one of the keys. Waits only where one is under way. */
  async turn<T>(keys: readonly string[], preparation: Awaitable<T>): Promise<T> {
    const previous = this.#last.size === 0 ? [] : keys.flatMap((key) => this.#last.get(key) ?? []);
    if (previous.length === 0 && !(preparation instanceof Promise)) return preparation;
    const mine = after(previous, preparation);
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
