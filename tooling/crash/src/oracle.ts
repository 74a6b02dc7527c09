import { isDeepStrictEqual } from "node:util";
import type { StorageEngine } from "@holdfast/core";
import type { Step, Value } from "./workload/plan.ts";
import { dataOf } from "./workload/values.ts";

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

  /** What is wrong with a store, in words; from then on what was seen is what stands. */
  async check(storage: StorageEngine): Promise<string[]> {
    const found = new Map<string, unknown>();
    for (const key of this.keys) {
      const data = await storage.load(key);
      if (data !== undefined) found.set(key, data);
    }
    const standing = this.#states.find((state) => [...this.keys].every((key) => holds(state.get(key), found.get(key))));
    if (standing !== undefined) {
      this.#states = [standing];
      return [];
    }
    return [...this.keys]
      .flatMap((key) => {
        if (this.#states.some((state) => holds(state.get(key), found.get(key)))) return [];
        const expected = distinct(this.#states.map((state) => new Map([[key, state.get(key)]]) as State));
        return [
          `${key}: found ${describe(found.get(key))}, expected ${expected.map((each) => marked(each.get(key))).join(" or ")}`,
        ];
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

function holds(value: Value | undefined, found: unknown): boolean {
  if (value === undefined || found === undefined) return value === found;
  const data = dataOf(value);
  if (data instanceof Uint8Array) return found instanceof Uint8Array && Buffer.compare(data, found) === 0;
  return isDeepStrictEqual(data, found);
}

function marked(value: Value | undefined): string {
  return value === undefined ? "nothing" : `${value.mark} (${value.format}, ${value.length})`;
}

function describe(found: unknown): string {
  if (found === undefined) return "nothing";
  if (found instanceof Uint8Array)
    return `${found.byteLength} bytes, ${JSON.stringify(Buffer.from(found.subarray(0, 16)).toString("latin1"))}…`;
  return JSON.stringify(found).slice(0, 80);
}
