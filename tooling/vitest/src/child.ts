import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** A process that runs a script and waits for tasks, from its first message on; it is killed when the test ends. */
export async function startChild(script: URL): Promise<ChildProcess> {
  const child = fork(fileURLToPath(script), { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  await once(child, "message");
  return child;
}

/** Has a process do something, and waits until it answers. Throws when it dies before. */
export async function perform<Task extends object>(child: ChildProcess, task: Task): Promise<void> {
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
