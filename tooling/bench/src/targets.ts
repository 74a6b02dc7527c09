/** What is aimed at, as docs/benchmarks.md lists it: ours takes at most `most` times as long as the limit. */
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
  { workload: "indexeddb-save", limit: "raw", most: 1.1 },
  { workload: "indexeddb-save-terms", limit: "raw", most: 1.4 },
  { workload: "indexeddb-save-64", limit: "localforage", most: 1 / 3 },
  { workload: "indexeddb-save-64", limit: "dexie", most: 1 / 3 },
  { workload: "indexeddb-list", limit: "localforage", most: 1 / 50 },
  { workload: "memory", limit: "map", most: 1.5 },
  { workload: "encrypted-save", limit: "plain", most: 1.4 },
  { workload: "encrypt-large", limit: "aes-gcm", most: 1 / 0.6 },
  { workload: "migration", limit: "raw-batches", most: 1 / 0.7 },
  { workload: "cloud-save", limit: "by-hand", most: 1.15 },
  { workload: "cloud-load", limit: "by-hand", most: 1.15 },
  { workload: "cloud-list", limit: "by-hand", most: 1.15 },
  { workload: "cloud-tags", limit: "by-hand", most: 1.15 },
  { workload: "cloud-search", limit: "by-hand", most: 1.15 },
  { workload: "cloud-body", limit: "by-hand", most: 1.15 },
].map((target) => ({ ours: "holdfast", ...target }));
