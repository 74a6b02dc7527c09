import type { ContenderFacts } from "./contender.ts";
import type { Machine } from "./machine.ts";
import type { WorkloadFacts } from "./workload.ts";

/** All that a full run measures, with workloads that were measured anew since: the page and its plots are made from this alone. */
export interface Results {
  /** Day of the run, as YYYY-MM-DD. */
  readonly date: string;
  readonly machine: Machine;
  /** Of every package that took part. */
  readonly versions: Readonly<Record<string, string>>;
  readonly workloads: readonly WorkloadResult[];
  /** Workloads that this machine could not run, by id, with the reason. */
  readonly leftOut?: Readonly<Record<string, string>>;
}

export interface WorkloadResult extends WorkloadFacts {
  readonly operations: number;
  readonly warmups: number;
  readonly contenders: readonly ContenderResult[];
  /** Of a workload that was measured by itself, after the full run on the same machine. */
  readonly anew?: MeasuredAnew;
}

export interface MeasuredAnew extends Pick<Machine, "fsyncMicroseconds" | "loadBefore"> {
  /** As YYYY-MM-DD. */
  readonly date: string;
}

export interface ContenderResult extends ContenderFacts {
  /** Per operation, one figure for each measured round, in the order of the rounds. */
  readonly microseconds: readonly number[];
}
