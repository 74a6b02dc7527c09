import { fork } from "node:child_process";
import { join } from "node:path";
import type { Task, TaskResult } from "./child.ts";

/** Runs a task in a process of its own, by the Node that runs this one. */
export function runTask(
  task: Task,
  nodeOptions: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<TaskResult> {
  const child = fork(join(import.meta.dirname, "child.ts"), {
    execArgv: ["--expose-gc", "--no-warnings", ...nodeOptions],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, ...environment },
  });
  return new Promise((resolve, reject) => {
    let result: TaskResult | undefined;
    child.once("message", (message: TaskResult) => {
      result = message;
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (result === undefined) reject(new Error(`${task.task} ${task.id} ended with ${signal ?? `status ${code}`}`));
      else resolve(result);
    });
    child.send(task);
  });
}
