/** What a worker is started with. */
export interface WorkerSettings {
  /** The workspace copy. */
  readonly directory: string;
  readonly tests: readonly string[];
  readonly modules: readonly string[];
  /** fast-check as the tests import it, to be given the seed. */
  readonly generator: string | undefined;
  readonly mutants: number;
  /** Of generated test data. */
  readonly seed: number;
  /** The mutant that is there from the first import on; 0 for none. */
  readonly active: number;
}

export type Request =
  /** Runs every test without a mutant, noting what it reaches. */
  | { readonly type: "survey" }
  /** Runs tests until one fails. */
  | { readonly type: "try"; readonly mutant: number; readonly tests: readonly PlannedTest[] };

export interface PlannedTest {
  readonly index: number;
  /** Milliseconds until the test counts as hanging. */
  readonly limit: number;
}

export type Answer =
  | { readonly type: "ready"; readonly tests: number }
  /** The modules, or the tests, could not even be loaded. */
  | { readonly type: "broken"; readonly reason: string }
  /** From here on the test's limit counts. */
  | { readonly type: "begin"; readonly index: number; readonly limit: number }
  | ({ readonly type: "surveyed" } & Survey)
  | { readonly type: "verdict"; readonly verdict: Verdict };

export interface Survey {
  /** Mutants that are evaluated while modules load. */
  readonly loading: readonly number[];
  readonly tests: readonly SurveyedTest[];
  /** Test files that cannot be run here, such as those that mock modules. */
  readonly unloadable: readonly { readonly file: string; readonly reason: string }[];
}

export interface SurveyedTest {
  readonly name: string;
  readonly failed: string | undefined;
  /** Until it was done, on a machine that may have had other things to do. */
  readonly milliseconds: number;
  /** Milliseconds of the processor. */
  readonly work: number;
  /** The mutants that it came by. */
  readonly reached: readonly number[];
}

export interface Verdict {
  readonly status: "killed" | "timed out" | "survived";
  /** The test that noticed. */
  readonly by?: string;
  /** The test fails without the mutant now: what the mutant did outlasts it, and the process is of no more use. */
  readonly spoilt?: true;
}
