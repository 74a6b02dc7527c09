import type { Parameters } from "fast-check";

/** Settings for a property: `HOLDFAST_SEED` repeats a run, and a failure prints the seed that does. */
export function seeded<T>(parameters: Parameters<T>): Parameters<T> {
  const seed = process.env["HOLDFAST_SEED"];
  return seed === undefined ? parameters : { ...parameters, seed: Number(seed) };
}
