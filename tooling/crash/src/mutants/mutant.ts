/** One place in the emitted adapter that keeps a promise, taken away. */
export interface Mutant {
  /** Short, for the report. */
  readonly name: string;
  /** What a loss of power does without it. */
  readonly story: string;
  /** Below `packages/filesystem/dist`. */
  readonly file: string;
  /** Each `find` must be there exactly once, or the mutant is no longer about this code. */
  readonly edits: readonly { readonly find: string; readonly replace: string }[];
  /** Replay with a disk that takes fewer bytes than it is given, now and then. */
  readonly shortWrites?: true;
}
