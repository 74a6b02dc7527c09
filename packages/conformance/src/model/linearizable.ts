/** What one key holds. */
export interface Register {
  readonly value: unknown;
  readonly version: string;
}

/** One operation on one key, as its caller saw it. */
export interface Observed {
  /** For messages. */
  readonly name: string;
  /** Where the run stood when it was called, and when it was answered. */
  readonly called: number;
  readonly answered: number;
  /** What the key holds afterwards, if before it held `state`; "impossible" where the answer could not have been given. */
  readonly apply: (state: Register | undefined) => Register | undefined | "impossible";
}

/**
 * Whether the operations can be put into one order, each between its call and its answer, in which every answer was right:
 * then nobody can tell that they were not made one after the other. (Wing and Gong's search, with what was seen kept.)
 */
export function isLinearizable(observed: readonly Observed[]): boolean {
  const seen = new Set<string>();
  const search = (done: bigint, state: Register | undefined): boolean => {
    const left = observed.filter((_, index) => (done & (1n << BigInt(index))) === 0n);
    if (left.length === 0) return true;
    const position = `${done} ${state?.version}`;
    if (seen.has(position)) return false;
    seen.add(position);
    const firstAnswer = Math.min(...left.map(({ answered }) => answered));
    return observed.some((each, index) => {
      const bit = 1n << BigInt(index);
      // Whoever was called after another's answer comes after it.
      if ((done & bit) !== 0n || each.called > firstAnswer) return false;
      const next = each.apply(state);
      return next !== "impossible" && search(done | bit, next);
    });
  };
  return search(0n, undefined);
}
