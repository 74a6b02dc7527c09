import { openSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import type { StorageEngine } from "@holdfast/core";
import { StorageError } from "@holdfast/core";
import { openStore } from "../stores.ts";
import type { Line } from "./journal.ts";
import { perform } from "./perform.ts";
import { planOf } from "./plan.ts";
import type { WorkerTask } from "./task.ts";

/**
 * A process that is made to die. It tells each step before it begins and when it was answered, in a file that outlives it: what
 * is handed to the system is not lost with a process.
 */
const task: WorkerTask = JSON.parse(process.argv[2] ?? "");
const journal = openSync(task.journal, "a");

function tell(line: Line): void {
  writeSync(journal, `${JSON.stringify(line)}\n`);
}

async function write(storage: StorageEngine, writer: number): Promise<void> {
  const steps = planOf({ ...task, writer });
  for (const [index, step] of steps.entries()) {
    tell({ told: "begun", writer, index });
    try {
      await perform(storage, step);
      tell({ told: "done", writer, index });
    } catch (error) {
      tell({ told: "unknown", writer, index, code: StorageError.is(error) ? error.code : String(error) });
    }
  }
}

try {
  const storage = await openStore(task.store, task.directory);
  tell({ told: "open" });
  process.stdout.write("open\n");
  // A process that is killed does not come to it at its end.
  flushCompileCache();
  await Promise.all(Array.from({ length: task.writers }, (_, writer) => write(storage, writer)));
  await storage.close();
  tell({ told: "closed" });
} catch (error) {
  // A store that says why it cannot be opened or closed keeps its promise; anything else does not.
  if (!StorageError.is(error)) throw error;
  tell({ told: "refused", code: error.code, message: error.message });
}
