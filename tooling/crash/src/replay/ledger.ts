import { type Told, WriterOracle } from "../oracle.ts";
import type { Saved } from "../standing.ts";
import type { Step, Value } from "../workload/plan.ts";

/** What the writers of one trace have been told so far, and what may therefore stand. */
export class Ledger {
  readonly #plans: readonly (readonly Step[])[];
  readonly #settled: readonly WriterOracle[];
  readonly #deleted = new Set<string>();
  #oracles: WriterOracle[];

  constructor(plans: readonly (readonly Step[])[]) {
    this.#plans = plans;
    this.#settled = plans.map((plan) => new WriterOracle(plan.flatMap(writtenBy).map(({ key }) => key)));
    this.#oracles = [...this.#settled];
  }

  /** One for each writer, to be judged with. */
  get oracles(): WriterOracle[] {
    return this.#oracles.map((oracle) => oracle.clone());
  }

  /** Keys that some step begun so far deletes. */
  get deleted(): ReadonlySet<string> {
    return this.#deleted;
  }

  take({ writer, index, told }: { readonly writer: number; readonly index: number; readonly told: Told }): void {
    const step = this.#plans[writer]?.[index];
    const settled = this.#settled[writer];
    if (step === undefined || settled === undefined) throw new Error(`writer ${writer} has no step ${index}`);
    if (told !== "begun") {
      settled.take(step, told);
      this.#oracles[writer] = settled;
      return;
    }
    const under = settled.clone();
    under.take(step, told);
    this.#oracles[writer] = under;
    if (step.do === "delete") this.#deleted.add(step.key);
    else if (step.do === "batch") for (const key of step.deletes) this.#deleted.add(key);
  }
}

/** Everything that plans ever save, by its key. */
export function savedBy(plans: readonly (readonly Step[])[]): Saved {
  const saved = new Map<string, Value[]>();
  for (const { key, value } of plans.flat().flatMap(writtenBy)) saved.set(key, [value, ...(saved.get(key) ?? [])]);
  return saved;
}

function writtenBy(step: Step): { key: string; value: Value }[] {
  if (step.do === "save") return [step];
  return step.do === "batch" ? [...step.saves] : [];
}
