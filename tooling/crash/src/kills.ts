import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/conformance";
import { History } from "./history.ts";
import { runWorker } from "./run-worker.ts";
import type { StoreName } from "./stores.ts";
import type { WorkerTask } from "./workload/task.ts";

export interface KillOptions {
  readonly store: StoreName;
  readonly kills: number;
  readonly seed: number;
  readonly progress?: ((killed: number) => void) | undefined;
}

export interface KillReport {
  readonly killed: number;
  /** Steps that were acknowledged before a process died. */
  readonly acknowledged: number;
  /** What was wrong, with the run it was found in. */
  readonly wrong: readonly string[];
}

const WRITERS = 4;
// More than a process comes to before it is killed.
const STEPS = 2_000;
// Then a new store is begun, so that young and old ones are both met.
const KILLS_OF_A_STORE = 8;

// While one process starts, another one is looked at.
const AT_ONCE = 2;

/** Kills real processes at random instants, while they open, write and mirror, and looks at what they left. */
export async function runKills({ store, kills, seed, progress }: KillOptions): Promise<KillReport> {
  const random = new SeededRandom(seed);
  const report = { killed: 0, acknowledged: 0, wrong: [] as string[] };
  const counted = () => {
    report.killed++;
    progress?.(report.killed);
  };
  let left = kills;
  const work = async () => {
    while (left > 0 && report.wrong.length === 0) {
      const here = Math.min(left, KILLS_OF_A_STORE);
      left -= here;
      const { acknowledged, wrong } = await killAgainAndAgain(store, here, random.below(2 ** 31), counted);
      report.acknowledged += acknowledged;
      report.wrong.push(...wrong);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return report;
}

/** One store, and the processes that die of it one after the other. The same seed draws the same instants. */
async function killAgainAndAgain(
  store: StoreName,
  kills: number,
  seed: number,
  counted: () => void,
): Promise<Pick<KillReport, "acknowledged" | "wrong">> {
  const random = new SeededRandom(seed);
  const home = mkdtempSync(join(tmpdir(), "holdfast-kill-"));
  const history = new History({ seed, writers: WRITERS });
  let acknowledged = 0;
  for (let round = 0, killed = 0; killed < kills; round++) {
    const task: WorkerTask = {
      store,
      directory: join(home, "store"),
      journal: join(home, "journal"),
      seed,
      round,
      writers: WRITERS,
      steps: STEPS,
    };
    const kill =
      random.fraction() < 0.2
        ? ({ after: "start", milliseconds: 40 + random.below(120) } as const)
        : ({ after: "open", milliseconds: random.below(300) } as const);
    const { lines, signal, exitCode, complaint } = await runWorker(task, { kill });
    const wrong: string[] = [];
    if (signal === "SIGKILL") {
      killed++;
      counted();
    } else if (exitCode !== 0) wrong.push(`the process ended by itself: ${complaint}`);
    acknowledged += history.take(task, lines);
    wrong.push(...(await history.check(store, task.directory)));
    if (wrong.length > 0) {
      return { acknowledged, wrong: wrong.map((each) => `store ${seed} in ${home}, round ${round}: ${each}`) };
    }
  }
  rmSync(home, { recursive: true });
  return { acknowledged, wrong: [] };
}
