import { isDeepStrictEqual } from "node:util";

/** What `expression; // → value` on a page means. */
export function claim(expression: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${expression} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)} as the page says`);
}
