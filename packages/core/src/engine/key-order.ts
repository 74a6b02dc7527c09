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
    if (this.#last.size === 0 && !isPromise(preparation)) return next(preparation);
    const previous = keys.flatMap((key) => this.#last.get(key) ?? []);
    if (previous.length === 0 && !isPromise(preparation)) return next(preparation);
    return this.#queue(keys, previous, preparation, next);
  }

  #queue<T, U>(
    keys: readonly string[],
    previous: readonly Promise<unknown>[],
    preparation: Awaitable<T>,
    next: (prepared: T) => Awaitable<U>,
  ): Promise<U> {
    // The preparation is awaited even when it fails before its turn, so that its error has somebody to go to.
    const begun = Promise.allSettled([preparation, ...previous]).then(([prepared]) => {
      // In the step that calls what comes next: a write that was called in between would find nobody in front of it.
      for (const key of keys) if (this.#last.get(key) === begun) this.#last.delete(key);
      if (prepared.status === "rejected") throw prepared.reason;
      // In an object: whoever comes behind waits until it is called, not until it has its answer.
      return { answer: next(prepared.value) };
    });
    for (const key of keys) this.#last.set(key, begun);
    return begun.then(({ answer }) => answer);
  }
}
