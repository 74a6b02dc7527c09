// The entry of a child process: does one task, sends its result to the parent and ends.
import { join } from "node:path";
import { populate } from "../data/populate.ts";
import { workloads } from "../workloads/index.ts";
import type { WorkloadResult } from "./results.ts";
import type { PopulationId } from "./workload.ts";

export type Task =
  | { readonly task: "populate"; readonly id: PopulationId; readonly populations: string }
  | {
      readonly task: "measure";
      readonly id: string;
      readonly rounds: number | undefined;
      /** Empty, for the contenders' files. */
      readonly directory: string;
      /** The directory in which each population lies under its name. */
      readonly populations: string;
    };

export type TaskResult = WorkloadResult | null;

process.once("message", (task: Task) => {
  run(task).then(
    (result) => process.send?.(result, undefined, undefined, () => process.disconnect()),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run(task: Task): Promise<TaskResult> {
  if (task.task === "populate") {
    await populate(task.id, join(task.populations, task.id));
    return null;
  }
  const workload = workloads.find(({ id }) => id === task.id);
  if (workload === undefined) throw new Error(`there is no workload ${task.id}`);
  const { directory, populations, rounds } = task;
  return workload.measure({ directory, population: (id) => join(populations, id) }, { rounds });
}
