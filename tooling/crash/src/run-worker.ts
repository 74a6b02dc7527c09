import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Line, readJournal } from "./workload/journal.ts";
import type { WorkerTask } from "./workload/task.ts";

const script = fileURLToPath(new URL("workload/worker.ts", import.meta.url));

/** Where processes find what an earlier one has compiled: most of their short lives would be spent on it. */
const COMPILED = join(tmpdir(), `holdfast-compiled-${process.getuid?.() ?? 0}`);

export interface Ended {
  readonly lines: readonly Line[];
  readonly signal: NodeJS.Signals | null;
  readonly exitCode: number | null;
  /** What it wrote to its standard error. */
  readonly complaint: string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** When the process is killed: so many milliseconds after it was started, or after its store was open. */
  readonly kill?: { readonly after: "start" | "open"; readonly milliseconds: number } | undefined;
}

/** Runs one worker to its end, whatever that is. */
export async function runWorker(task: WorkerTask, { environment, kill }: RunOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...environment },
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    timer = setTimeout(() => child.kill("SIGKILL"), kill?.milliseconds);
  };
  if (kill?.after === "start") arm();
  // Read in any case: a pipe that nobody empties holds its writer up.
  child.stdout.once("data", () => kill?.after === "open" && arm()).resume();
  const [exitCode, signal]: [number | null, NodeJS.Signals | null] = await once(child, "close").then(([code, name]) => [
    code,
    name,
  ]);
  clearTimeout(timer);
  const lines = readJournal(task.journal);
  rmSync(task.journal, { force: true });
  return { lines, signal, exitCode, complaint };
}
