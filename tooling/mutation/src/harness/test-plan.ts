import type { Mutant } from "../mutant.ts";
import type { PlannedTest, Survey, SurveyedTest } from "./messages.ts";

/** Which tests each mutant meets, learnt from a run without any. */
export class TestPlan {
  readonly #tests: readonly SurveyedTest[];
  readonly #byMutant: ReadonlyMap<number, readonly number[]>;
  readonly #loading: ReadonlySet<number>;
  readonly #order: readonly number[];
  /** By mutant. */
  readonly #files: ReadonlyMap<number, string>;
  readonly #budget: number;
  readonly #patience: number;

  /**
   * `budget` and `patience` in milliseconds: of the processor for the tests of one mutant, and of time beyond what a test
   * takes without one.
   */
  constructor(
    { tests, loading }: Pick<Survey, "tests" | "loading">,
    mutants: readonly Pick<Mutant, "id" | "file">[],
    budget: number,
    patience = 3_000,
  ) {
    this.#patience = patience;
    this.#tests = tests;
    this.#files = new Map(mutants.map(({ id, file }) => [id, file]));
    this.#loading = new Set(loading);
    this.#budget = budget;
    // Quick ones first, and those that reach little: they are about what they reach.
    const cost = ({ work, reached }: SurveyedTest): number => Math.max(work, 0.5) * reached.length;
    this.#order = tests
      .map((test, index) => ({ index, cost: cost(test), failed: test.failed }))
      .filter(({ failed }) => failed === undefined)
      .sort((a, b) => a.cost - b.cost)
      .map(({ index }) => index);
    const byMutant = new Map<number, number[]>();
    for (const index of this.#order) {
      for (const mutant of tests[index]?.reached ?? []) {
        const list = byMutant.get(mutant);
        if (list === undefined) byMutant.set(mutant, [index]);
        else list.push(index);
      }
    }
    this.#byMutant = byMutant;
  }

  /** Tests that fail without a mutant: they could not tell one. */
  get leftOut(): readonly SurveyedTest[] {
    return this.#tests.filter(({ failed }) => failed !== undefined);
  }

  /** Whether it is evaluated while modules load, so that it must be there from the start. */
  atLoading(mutant: number): boolean {
    return this.#loading.has(mutant);
  }

  /** Best first; empty when no test reaches the mutant. */
  testsFor(mutant: number): PlannedTest[] {
    const indexes = this.atLoading(mutant) ? this.#nearestFirst(mutant) : (this.#byMutant.get(mutant) ?? []);
    const planned: PlannedTest[] = [];
    let spent = 0;
    for (const index of indexes) {
      const { milliseconds = 0, work = 0 } = this.#tests[index] ?? {};
      if (planned.length > 0 && spent + work > this.#budget) continue;
      spent += work;
      planned.push({ index, limit: this.#patience + Math.ceil(milliseconds) * 20 });
    }
    return planned;
  }

  /** All tests, since any may notice; first those that come by something else in the mutant's file. */
  #nearestFirst(mutant: number): number[] {
    const file = this.#files.get(mutant);
    const isNear = (index: number): boolean =>
      this.#tests[index]?.reached.some((other) => this.#files.get(other) === file) ?? false;
    const { near = [], far = [] } = Object.groupBy(this.#order, (index) => (isNear(index) ? "near" : "far"));
    return [...near, ...far];
  }
}
