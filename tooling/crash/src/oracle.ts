import { isSame, type Standing, tellFound } from "./standing.ts";
import type { Step, Value } from "./workload/plan.ts";

/** What one writer told of a step. `unknown`: it was rejected, and either outcome may be the case. */
export type Told = "begun" | "done" | "unknown";

type State = ReadonlyMap<string, Value>;

const MOST_STATES = 4_096;

/**
 * What may stand under the keys of one writer. A step that was acknowledged has taken effect, whole; one that was begun and not
 * answered, or failed without certainty, has taken effect whole or not at all. Nothing else may ever be seen.
 */
export class WriterOracle {
  readonly keys: ReadonlySet<string>;
  #states: readonly State[] = [new Map()];

  constructor(keys: Iterable<string>) {
    this.keys = new Set(keys);
  }

  take(step: Step, told: Told): void {
    if (step.do === "flush") return;
    const after = this.#states.map((state) => applied(state, step));
    this.#states = distinct(told === "done" ? after : [...this.#states, ...after]);
    if (this.#states.length > MOST_STATES) throw new Error("too many outcomes are unknown to tell anything");
  }

  clone(): WriterOracle {
    const copy = new WriterOracle(this.keys);
    copy.#states = this.#states;
    return copy;
  }

  /** Every value that may stand under one of the keys. */
  possible(key: string): Value[] {
    return this.#states.flatMap((state) => state.get(key) ?? []);
  }

  /** What is wrong with what stands, in words; from then on what was seen is what stands. */
  judge(standing: Standing): string[] {
    const keys = [...this.keys];
    const seen = this.#states.find((state) => keys.every((key) => isSame(standing.get(key), state.get(key))));
    if (seen !== undefined) {
      this.#states = [seen];
      return [];
    }
    return keys
      .flatMap((key) => {
        if (this.#states.some((state) => isSame(standing.get(key), state.get(key)))) return [];
        const expected = new Set(this.#states.map((state) => tellFound(state.get(key))));
        return [`${key}: found ${tellFound(standing.get(key))}, expected ${[...expected].join(" or ")}`];
      })
      .concat(`no outcome of the steps explains what stands (${this.#states.length} were possible)`);
  }
}

function applied(state: State, step: Step): State {
  const next = new Map(state);
  if (step.do === "save") next.set(step.key, step.value);
  else if (step.do === "delete") next.delete(step.key);
  else if (step.do === "batch") {
    for (const key of step.deletes) next.delete(key);
    for (const { key, value } of step.saves) next.set(key, value);
  }
  return next;
}

function distinct(states: readonly State[]): State[] {
  const seen = new Map(states.map((state) => [fingerprint(state), state]));
  return [...seen.values()];
}

function fingerprint(state: State): string {
  return JSON.stringify([...state].map(([key, value]) => [key, value?.mark]).sort());
}
