import type { Awaitable } from "./spi/index.js";

/** Goes on with a value at once when it is there, later when it is promised: no promise where the platform is synchronous. */
export function chain<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** By `then`, since a promise of another realm, or from before somebody patched the global, is none by `instanceof`. */
export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
