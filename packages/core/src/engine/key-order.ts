import { isPromise } from "../awaitable.js";
import type { Awaitable } from "../spi/index.js";

/**
 * Keeps writes of one key in the order in which they were called. A value may take time to encode (compression, Web
 * Crypto): without this, a later call with a smaller value would overtake, and the earlier one would be what stays.
 */
export class KeyOrder {
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Calls `next` with what `preparation` gives, after that of every earlier turn for one of the keys was called; rejects, and
   * calls nothing, where the preparation fails. Waits only where one is under way: otherwise `next` is called at once.
   *
   * `next` must hand the write on before it returns: what is called from then on finds the keys free.
   */
  turn<T, U>(keys: readonly string[], preparation: Awaitable<T>, next: (prepared: T) => Awaitable<U>): Awaitable<U> {
    const previous = this.#last.size === 0 ? [] : keys.flatMap((key) => this.#last.get(key) ?? []);
    if (previous.length === 0 && !isPromise(preparation)) return next(preparation);
    return this.#queue(keys, after(previous, preparation), next);
  }

  #queue<T, U>(keys: readonly string[], ready: Promise<T>, next: (prepared: T) => Awaitable<U>): Promise<U> {
    const begun = ready.then(
      (prepared) => {
        this.#leave(keys, begun);
        // In an object: whoever comes behind waits until it is called, not until it has its answer.
        return { answer: next(prepared) };
      },
      (error: unknown) => {
        this.#leave(keys, begun);
        throw error;
      },
    );
    for (const key of keys) this.#last.set(key, begun);
    return begun.then(({ answer }) => answer);
  }

  // In the step that calls what comes next: a write that was called in between would find nobody in front of it.
  #leave(keys: readonly string[], turn: Promise<unknown>): void {
    for (const key of keys) if (this.#last.get(key) === turn) this.#last.delete(key);
  }
}

async function after<T>(previous: readonly Promise<unknown>[], preparation: Awaitable<T>): Promise<T> {
  // The preparation is awaited even when it fails before its turn, so that its error has somebody to go to.
  const [prepared] = await Promise.allSettled([preparation, ...previous]);
  if (prepared.status === "rejected") throw prepared.reason;
  return prepared.value;
}
