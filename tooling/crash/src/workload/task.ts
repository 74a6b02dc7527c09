import type { StoreName } from "../stores.ts";

/** What a worker process is to do. */
export interface WorkerTask {
  readonly store: StoreName;
  /** Where the store is. */
  readonly directory: string;
  /** The file that it tells its steps in, outside of `directory`. */
  readonly journal: string;
  readonly seed: number;
  readonly round: number;
  readonly writers: number;
  /** Of each writer. */
  readonly steps: number;
}
