import type { Awaitable } from "./spi/index.js";

/** Goes on with a value at once when it is there, later when it is promised: no promise where the platform is synchronous. */
export function chain<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
