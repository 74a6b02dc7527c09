/** Settings for a property of fast-check: `HOLDFAST_SEED` repeats a run, and a failure prints the seed that does. */
export function seeded<Parameters extends object>(parameters: Parameters): Parameters & { readonly seed?: number } {
  const seed = process.env["HOLDFAST_SEED"];
  return seed === undefined ? parameters : { ...parameters, seed: Number(seed) };
}

/** Numbers from 0 to 1 that a seed repeats. */
export function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
