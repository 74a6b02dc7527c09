import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Task } from "./child.js";

const script = fileURLToPath(new URL("child.ts", import.meta.url));

/** A process that waits for tasks; it is killed when the test ends. */
export async function start(): Promise<ChildProcess> {
  const child = fork(script, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  await once(child, "message");
  return child;
}

/** Has a process do something, and waits until it is done. Throws when it dies before. */
export async function perform(child: ChildProcess, task: Task): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const died = once(child, "exit", { signal }).then(() => {
    throw new Error("the process died");
  });
  const answered = once(child, "message", { signal });
  child.send(task);
  try {
    await Promise.race([answered, died]);
  } finally {
    over.abort();
  }
}
