import type { ContenderResult, Results, WorkloadResult } from "../harness/results.ts";
import { ratios, type Spread, spreadOf } from "../harness/statistics.ts";
import type { Target } from "../targets.ts";

/** A target with what was measured for it. */
export interface Verdict {
  readonly target: Target;
  readonly workload: WorkloadResult;
  readonly limit: ContenderResult;
  readonly ratio: Spread;
  readonly met: boolean;
}

/** Throws RangeError for a target whose workload was measured without one of its two contenders. What was not run is not judged. */
export function judge(results: Results, targets: readonly Target[]): Verdict[] {
  return targets.flatMap((target) => {
    const workload = results.workloads.find(({ id }) => id === target.workload);
    if (workload === undefined) return [];
    const ours = workload.contenders.find(({ id }) => id === target.ours);
    const limit = workload.contenders.find(({ id }) => id === target.limit);
    if (ours === undefined || limit === undefined) {
      throw new RangeError(`nothing was measured for the target of ${target.workload}`);
    }
    const ratio = spreadOf(ratios(ours.microseconds, limit.microseconds));
    return { target, workload, limit, ratio, met: ratio.median <= target.most };
  });
}
