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
}: Omit<Mutant, "id" | "line" | "operator">): string {
  const start = oneLine(before).slice(-LONG);
  const end = oneLine(behind).slice(0, LONG);
  return `${file}: ${start}⟦${shortened(original)} → ${shortened(replacement)}⟧${end}`;
}

function shortened(code: string): string {
  const text = oneLine(code).trim();
  return text.length > 2 * LONG ? `${text.slice(0, LONG)} … ${text.slice(-LONG)}` : text;
}

function oneLine(code: string): string {
  return code.replaceAll(/\s+/g, " ");
}
