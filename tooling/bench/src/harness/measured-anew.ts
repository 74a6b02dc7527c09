import type { Machine } from "./machine.ts";
import type { Results, WorkloadResult } from "./results.ts";

const SAME = ["processor", "cores", "filesystem", "node"] as const;

/** Throws TypeError unless figures of the two may stand on one page. */
export function requireSameMachine(report: Machine, here: Machine): void {
  for (const what of SAME) {
    if (report[what] === here[what]) continue;
    throw new TypeError(
      `the report is of another machine (${what} ${report[what]}, here ${here[what]}): measure all of it`,
    );
  }
}

export interface Anew extends Pick<Results, "date" | "machine" | "versions"> {
  readonly results: readonly WorkloadResult[];
}

/** Results with some workloads measured anew, in the order of `ids`. Contenders of a workload are always of one run. */
export function withAnew(before: Results, { date, machine, versions, results }: Anew, ids: readonly string[]): Results {
  const { fsyncMicroseconds, loadBefore } = machine;
  const known = new Map(before.workloads.map((each) => [each.id, each]));
  for (const each of results) known.set(each.id, { ...each, anew: { date, fsyncMicroseconds, loadBefore } });
  const workloads = ids.flatMap((id) => known.get(id) ?? []);
  return { ...before, versions: { ...before.versions, ...versions }, workloads };
}
