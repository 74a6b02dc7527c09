import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/conformance";
import { History } from "./history.ts";
import { type Ended, runWorker } from "./run-worker.ts";
import { faultLibrary } from "./shim/library.ts";
import type { StoreName } from "./stores.ts";
import type { WorkerTask } from "./workload/task.ts";

type FaultKind = "full" | "broken" | "full-for-good" | "short" | "exit" | "exit-short" | "exit-after";

interface Fault {
  readonly kind: FaultKind;
  /** The call that is met, counted from 1 among all calls below the store. */
  readonly at: number;
}

const FOR_GOOD = String(2 ** 30);

const ENVIRONMENT: Readonly<Record<FaultKind, Readonly<Record<string, string>>>> = {
  full: { FAULT_DO: `errno:${constants.errno.ENOSPC}` },
  // A disk that stays full while the process lives.
  "full-for-good": {
    FAULT_DO: `errno:${constants.errno.ENOSPC}`,
    FAULT_CALLS: "write,open,mkdir",
    FAULT_TIMES: FOR_GOOD,
  },
  broken: { FAULT_DO: `errno:${constants.errno.EIO}` },
  short: { FAULT_DO: "short" },
  exit: { FAULT_DO: "exit" },
  "exit-short": { FAULT_DO: "exit-short" },
  "exit-after": { FAULT_DO: "exit-after" },
};

export interface InjectionOptions {
  readonly store: StoreName;
  readonly seed: number;
  /** How many faults are tried; they are spread over all calls and kinds. */
  readonly faults: number;
  readonly progress?: ((tried: number) => void) | undefined;
}

export interface InjectionReport {
  /** How many calls the undisturbed run makes. */
  readonly calls: number;
  readonly tried: Readonly<Record<FaultKind, number>>;
  readonly wrong: readonly string[];
}

const WRITERS = 3;
const STEPS = 12;

/**
 * Runs a writer over and over, each time with another call of its process failing, falling short, or being the last; SQLite's own
 * calls included. Whatever happens, what was acknowledged stands when the store is opened again.
 */
export async function runInjection({ store, seed, faults, progress }: InjectionOptions): Promise<InjectionReport> {
  const random = new SeededRandom(seed);
  const kinds = Object.keys(ENVIRONMENT) as FaultKind[];
  const tried = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const wrong: string[] = [];
  const calls = await countCalls(store, seed);
  for (let n = 0; n < faults && wrong.length === 0; n++) {
    const kind = kinds[n % kinds.length] as FaultKind;
    // Evenly spread, each a little off: neighbouring calls are met by another run with another seed.
    const at = 1 + Math.floor(((n + random.fraction()) / faults) * calls);
    wrong.push(...(await tryFault(store, seed, { kind, at })));
    tried[kind]++;
    progress?.(n + 1);
  }
  return { calls, tried, wrong };
}

async function countCalls(store: StoreName, seed: number): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), "holdfast-count-"));
  const log = join(home, "calls");
  const task = taskIn(home, store, seed);
  const ended = await runWorker(task, { environment: { ...preload(task), FAULT_LOG: log } });
  if (ended.exitCode !== 0) throw new Error(`the undisturbed run failed: ${ended.complaint}`);
  const count = readFileSync(log, "utf8").split("\n").length - 1;
  rmSync(home, { recursive: true });
  return count;
}

async function tryFault(store: StoreName, seed: number, fault: Fault): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), "holdfast-fault-run-"));
  const task = taskIn(home, store, seed);
  const environment = { ...preload(task), ...ENVIRONMENT[fault.kind], FAULT_AT: String(fault.at) };
  const ended = await runWorker(task, { environment });
  const history = new History(task);
  const wrong = [...unexplained(ended, fault)];
  history.take(task, ended.lines);
  wrong.push(...(await history.check(store, task.directory)));
  if (wrong.length === 0) rmSync(home, { recursive: true });
  return wrong.map((each) => `HOLDFAST_SEED=${seed}, ${fault.kind} at call ${fault.at}, left in ${home}: ${each}`);
}

/** A process may die of a fault that ends it, and of no other. */
function unexplained({ exitCode, signal, complaint, lines }: Ended, { kind }: Fault): string[] {
  if (exitCode === 0 || (kind.startsWith("exit") && exitCode === 137)) {
    const bugs = lines.filter((line) => "code" in line && line.code !== undefined && !EXPECTED.has(line.code));
    return bugs.map((line) => `an operation failed in a way that tells its caller nothing: ${JSON.stringify(line)}`);
  }
  return [`the process ended with ${exitCode ?? signal}: ${complaint}`];
}

/** What an operation may say when the disk fails. */
const EXPECTED: ReadonlySet<string> = new Set([
  "QUOTA_EXCEEDED",
  "UNAVAILABLE",
  "LOCKED",
  "CORRUPT",
  "TIMEOUT",
  "CLOSED",
]);

function taskIn(home: string, store: StoreName, seed: number): WorkerTask {
  return {
    store,
    directory: join(home, "store"),
    journal: join(home, "journal"),
    seed,
    round: 0,
    writers: WRITERS,
    steps: STEPS,
  };
}

function preload({ directory }: WorkerTask): Record<string, string> {
  return { LD_PRELOAD: faultLibrary(), FAULT_ROOT: directory };
}
