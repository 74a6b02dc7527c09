/** One small change of the code under test. */
export interface Mutant {
  /** From 1 on, in the order of the source; 0 stands for the code as it is. */
  readonly id: number;
  /** As in the package: `src/keys.ts`. */
  readonly file: string;
  /** One-based, of the TypeScript source. */
  readonly line: number;
  readonly operator: Operator;
  readonly original: string;
  readonly replacement: string;
  /** What stands before and behind it on its lines. */
  readonly before: string;
  readonly behind: string;
  /** Which of those that would have the same name, from 1 on in the order of the source. */
  readonly nth: number;
}

export type Operator =
  | "condition"
  | "comparison"
  | "logic"
  | "arithmetic"
  | "negation"
  | "update"
  | "literal"
  | "collection"
  | "spread"
  | "statement"
  | "return"
  | "chaining"
  | "await"
  | "method";

const LONG = 70;

/** How a mutant is named where people write about it: it stays the same when lines move. */
export function nameOf({
  file,
  before,
  original,
  replacement,
  behind,
  nth,
}: Omit<Mutant, "id" | "line" | "operator">): string {
  const start = oneLine(before).slice(-LONG);
  const end = oneLine(behind).slice(0, LONG);
  const place = nth === 1 ? "" : ` (${nth})`;
  return `${file}: ${start}⟦${shortened(original)} → ${shortened(replacement)}⟧${end}${place}`;
}

/** Tells apart those that stand on lines which are alike, so that each has a name of its own. */
export function toldApart(mutants: readonly Omit<Mutant, "nth">[]): Mutant[] {
  const counts = new Map<string, number>();
  return mutants.map((mutant) => {
    const name = nameOf({ ...mutant, nth: 1 });
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return { ...mutant, nth };
  });
}

function shortened(code: string): string {
  const text = oneLine(code).trim();
  return text.length > 2 * LONG ? `${text.slice(0, LONG)} … ${text.slice(-LONG)}` : text;
}

function oneLine(code: string): string {
  return code.replaceAll(/\s+/g, " ");
}
