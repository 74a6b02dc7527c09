/** What docs/design.md promises: ours takes at most `most` times as long as the limit. */
export interface Target {
  readonly workload: string;
  /** The contender that is ours, and the one that it is held against. */
  readonly ours: string;
  readonly limit: string;
  readonly most: number;
}

export const targets: readonly Target[] = [
  { workload: "sqlite-save", limit: "hand-written", most: 1.25 },
  { workload: "sqlite-save-64", limit: "hand-written", most: 1.4 },
  { workload: "sqlite-load", limit: "hand-written", most: 1.5 },
  { workload: "sqlite-list", limit: "hand-written", most: 1.5 },
  { workload: "sqlite-tags", limit: "hand-written", most: 1.5 },
  { workload: "sqlite-search", limit: "fts5", most: 1.3 },
  { workload: "filesystem-save", limit: "write-file-atomic", most: 1 / 2 },
  { workload: "filesystem-save-64", limit: "write-file-atomic", most: 1 / 8 },
  { workload: "filesystem-save-64-slow", limit: "write-file-atomic", most: 1 / 12 },
  { workload: "filesystem-sustained", limit: "write-file-atomic", most: 2 },
  { workload: "filesystem-load", limit: "unstorage-fs", most: 1 / 5 },
  { workload: "filesystem-list", limit: "unstorage-fs", most: 1 / 1_000 },
  { workload: "memory", limit: "map", most: 1.5 },
].map((target) => ({ ours: "holdfast", ...target }));
