import type { WorkerSettings } from "./harness/messages.ts";
import type { TestPlan } from "./harness/test-plan.ts";
import { WorkerProcess } from "./harness/worker-process.ts";
import type { Mutant } from "./mutant.ts";
import type { Judged, VerdictLog } from "./verdicts.ts";

const WORKERS = 2;

/** Judges every mutant that the log does not know yet. */
export async function judge(
  mutants: readonly Mutant[],
  plan: TestPlan,
  settings: WorkerSettings,
  log: VerdictLog,
  onJudged: (mutant: Mutant, judged: Judged) => void,
): Promise<void> {
  const waiting = mutants.filter(({ id }) => log.get(id) === undefined).values();
  const work = async (): Promise<void> => {
    const worker = new WorkerProcess(settings);
    try {
      for (const mutant of waiting) {
        const judged = await judgeOne(mutant.id, plan, settings, worker);
        log.set(mutant.id, judged);
        onJudged(mutant, judged);
      }
    } finally {
      worker.stop();
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
}

async function judgeOne(id: number, plan: TestPlan, settings: WorkerSettings, shared: WorkerProcess): Promise<Judged> {
  const tests = plan.testsFor(id);
  if (tests.length === 0) return { status: "not covered" };
  if (plan.atLoading(id)) {
    const own = new WorkerProcess({ ...settings, active: id });
    try {
      return await own.attempt(id, tests);
    } finally {
      own.stop();
    }
  }
  const { status, by, spoilt } = await shared.attempt(id, tests);
  if (!spoilt || status === "timed out") return { status, by };
  // Either this mutant spoilt the process for what follows, or an earlier one had spoilt it for this: a new one tells.
  const again = await shared.attempt(id, tests);
  return { status: again.status, by: again.by };
}
