import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/conformance";
import { History } from "./history.ts";
import { runWorker } from "./run-worker.ts";
import type { StoreName } from "./stores.ts";

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
const ROUNDS_OF_A_STORE = 8;

/** Kills real processes at random instants, while they open, write and mirror, and looks at what they left. */
export async function runKills({ store, kills, seed, progress }: KillOptions): Promise<KillReport> {
  const random = new SeededRandom(seed);
  const wrong: string[] = [];
  let killed = 0;
  let acknowledged = 0;
  while (killed < kills && wrong.length === 0) {
    const home = mkdtempSync(join(tmpdir(), "holdfast-kill-"));
    const storeSeed = random.below(2 ** 31);
    const history = new History({ seed: storeSeed, writers: WRITERS });
    for (let round = 0; round < ROUNDS_OF_A_STORE && killed < kills && wrong.length === 0; round++) {
      const task = {
        store,
        directory: join(home, "store"),
        journal: join(home, "journal"),
        seed: storeSeed,
        round,
        writers: WRITERS,
        steps: STEPS,
      };
      const kill =
        random.fraction() < 0.2
          ? ({ after: "start", milliseconds: 60 + random.below(120) } as const)
          : ({ after: "open", milliseconds: random.below(300) } as const);
      const { lines, signal, exitCode, complaint } = await runWorker(task, { kill });
      if (signal === "SIGKILL") {
        killed++;
        progress?.(killed);
      } else if (exitCode !== 0)
        wrong.push(`store ${storeSeed}, round ${round}: the process ended by itself: ${complaint}`);
      acknowledged += history.take(task, lines);
      wrong.push(
        ...(await history.check(store, task.directory)).map((each) => `store ${storeSeed}, round ${round}: ${each}`),
      );
    }
    if (wrong.length === 0) rmSync(home, { recursive: true });
  }
  return { killed, acknowledged, wrong };
}
