import type { Contender } from "./contender.ts";

export interface WorkloadFacts {
  /** Selects the workload on the command line. */
  readonly id: string;
  readonly title: string;
  /** What one operation is, on what data. */
  readonly description: string;
  /** What one result of it is called: `save`, `load`. */
  readonly unit: string;
}

export interface Workload<Input> extends WorkloadFacts {
  /** Operations in a round, all by one contender. */
  readonly operations: number;
  /** Rounds that are measured, unless the command line says otherwise. */
  readonly rounds: number;
  /** Rounds before them that are not, in which code is compiled and caches fill. */
  readonly warmups: number;
  /** Microseconds by which each fsync of the workload's process is slowed. */
  readonly fsyncDelay?: number | undefined;
  /** What is to be filled before, in a process of its own. */
  readonly populations: readonly PopulationId[];
  /** The input of a round, the same for each contender. */
  input(round: number): Input;
  /** How many results each contender must have had of that. */
  results(input: Input): number;
  open(site: Site): Promise<Contender<Input>[]>;
}

/** Stores of 100,000 documents that the reading workloads share. */
export type PopulationId =
  | "holdfast"
  | "plain"
  | "fts5"
  | "keyv"
  | "unstorage-db0"
  | "classic-level"
  | "lmdb"
  | "holdfast-files"
  | "unstorage-fs"
  | "indexeddb";

/** Where a workload may write, and where its populations are. */
export interface Site {
  /** Empty. */
  readonly directory: string;
  population(id: PopulationId): string;
}
