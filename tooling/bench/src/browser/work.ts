/** The stores that a page can open. `by-hand` reads what Holdfast wrote. */
export type PageStoreId = "holdfast" | "raw" | "raw-indexed" | "idb-keyval" | "localforage" | "dexie" | "by-hand";

/** One round. Documents are told by their numbers: the page makes them itself, so that they need not cross. */
export type Work =
  | {
      readonly type: "save";
      readonly start: number;
      readonly count: number;
      /** Calls made before the first is awaited. */
      readonly together: number;
      /** Without tags and metadata, so that the key alone gives search terms. */
      readonly bare: boolean;
    }
  | { readonly type: "list"; readonly prefixes: readonly string[]; readonly limit: number }
  | { readonly type: "tags"; readonly tags: readonly string[]; readonly limit: number }
  | { readonly type: "search"; readonly texts: readonly string[]; readonly limit: number };

interface PageBench {
  open(store: PageStoreId): Promise<void>;
  /** Saves documents by the store's fastest way. */
  fill(store: PageStoreId, start: number, count: number): Promise<void>;
  /** Makes one round ready for `run`. */
  prepare(store: PageStoreId, work: Work): void;
  /** Timed by the page's own clock: the way there and back is not part of it. */
  run(): Promise<{ readonly results: number; readonly milliseconds: number }>;
}

declare global {
  var pageBench: PageBench | undefined;
}
