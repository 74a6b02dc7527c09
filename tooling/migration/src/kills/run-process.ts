import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Variant } from "./stores.ts";

const script = fileURLToPath(new URL("killed-process.ts", import.meta.url));
/** Where a process finds what an earlier one has compiled: most of its short life would be spent on it. */
const COMPILED = join(tmpdir(), `holdfast-compiled-${process.getuid?.() ?? 0}`);

/** When a process is killed: around a call of an adapter, by itself, or so many milliseconds after its stores were open. */
export type Moment = { readonly call: number; readonly when: "before" | "after" } | { readonly milliseconds: number };

export interface Ended {
  readonly killed: boolean;
  /** Calls of all adapters, of one that ran to its end. */
  readonly calls: number;
  /** From when its stores were open. */
  readonly milliseconds: number;
}

/** Runs a migration in a process of its own, to its end or its killing. */
export async function runProcess(folder: string, variant: Variant, moment?: Moment): Promise<Ended> {
  const byItself = moment !== undefined && "call" in moment ? [String(moment.call), moment.when] : [];
  const child = spawn(process.execPath, [script, folder, variant, ...byItself], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
  });
  let [printed, complaint, began] = ["", "", 0];
  let timer: NodeJS.Timeout | undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (printed === "") {
      began = performance.now();
      if (moment !== undefined && "milliseconds" in moment) {
        timer = setTimeout(() => child.kill("SIGKILL"), moment.milliseconds);
      }
    }
    printed += text;
  });
  const [code, signal]: [number | null, NodeJS.Signals | null] = await once(child, "close").then(([status, name]) => [
    status,
    name,
  ]);
  clearTimeout(timer);
  const killed = signal === "SIGKILL";
  if (!killed && code !== 0) throw new Error(`the process ended with ${code ?? signal}: ${complaint}`);
  return { killed, calls: Number(printed.split("\n")[1]), milliseconds: performance.now() - began };
}
