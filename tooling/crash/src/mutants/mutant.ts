/** One place in the emitted adapter that keeps a promise, taken away. */
export interface Mutant {
  /** Short, for the report. */
  readonly name: string;
  /** What goes wrong without it. */
  readonly story: string;
  /** Below `packages/filesystem/dist`. */
  readonly file: string;
  /** Must be there exactly once, or the mutant is no longer about this code. */
  readonly find: string;
  readonly replace: string;
  /** What is to notice it. */
  readonly by: "replay" | "short writes";
}
