import { checkStore } from "./check-store.ts";
import { type Told, WriterOracle } from "./oracle.ts";
import { openStore, type StoreName } from "./stores.ts";
import type { Line } from "./workload/journal.ts";
import { planOf } from "./workload/plan.ts";
import type { WorkerTask } from "./workload/task.ts";

/** What the workers of one store have told so far, run after run, and what may therefore stand in it. */
export class History {
  readonly #oracles: readonly WriterOracle[];

  constructor({ seed, writers }: Pick<WorkerTask, "seed" | "writers">) {
    this.#oracles = Array.from({ length: writers }, (_, writer) => {
      const steps = planOf({ seed, round: 0, writer, steps: 1_000 });
      return new WriterOracle(steps.flatMap((step) => (step.do === "save" ? [step.key] : [])));
    });
  }

  /** What one run told. Returns how many steps were acknowledged. */
  take(task: WorkerTask, lines: readonly Line[]): number {
    let acknowledged = 0;
    for (const [writer, oracle] of this.#oracles.entries()) {
      const steps = planOf({ ...task, writer });
      const last = new Map<number, Told>();
      for (const line of lines) {
        if ("writer" in line && line.writer === writer) last.set(line.index, line.told);
      }
      for (const [index, told] of last) {
        const step = steps[index];
        if (step === undefined) throw new Error(`writer ${writer} told of step ${index}, which is not in its plan`);
        oracle.take(step, told);
        if (told === "done") acknowledged++;
      }
    }
    return acknowledged;
  }

  /** Opens the store as its user would after the crash, and says what is wrong with it. */
  async check(name: StoreName, directory: string): Promise<string[]> {
    try {
      const storage = await openStore(name, directory);
      try {
        return await checkStore(storage, this.#oracles);
      } finally {
        await storage.close();
      }
    } catch (error) {
      return [`the store does not open, or not close: ${error instanceof Error ? error.stack : String(error)}`];
    }
  }
}
