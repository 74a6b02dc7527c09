import { SPI_VERSION, type StorageAdapter, StorageError } from "@holdfast/core";
import type { Answer, CrossingMethod } from "./in-page.js";

const MiB = 2 ** 20;

/** Calls the page, whose values cross as they are. */
export type AskPage = (method: CrossingMethod, args: readonly unknown[]) => Promise<Answer>;

/**
 * The adapter that lives in the page, as an adapter of this process. What it announces is what crosses: single reads and
 * writes, and its own search.
 */
export function pageAdapter(ask: AskPage, letGo: () => Promise<void>): StorageAdapter {
  async function call<T>(method: CrossingMethod, ...args: readonly unknown[]): Promise<T> {
    const answer = await ask(method, args);
    // What a method of the adapter returns there is what it would return here.
    if ("returned" in answer) return answer.returned as T;
    const { code, message, retryable } = answer;
    throw new StorageError(code, message, { adapter: "indexeddb", retryable });
  }
  return {
    name: "indexeddb",
    spi: SPI_VERSION,
    capabilities: {
      durability: "process",
      compareAndSet: "cross-process",
      batch: "none",
      query: "native",
      watch: "none",
      changes: "none",
      history: "none",
      streams: "buffered",
      limits: { body: 256 * MiB, bufferedBody: 256 * MiB },
    },
    open: () => call("open"),
    stat: (key, { now }) => call("stat", key, { now }),
    get: (key, { now }) => call("get", key, { now }),
    list: (range, { now }) => call("list", range, { now }),
    query: (query, { now }) => call("query", query, { now }),
    count: (query, { now }) => call("count", query, { now }),
    put: (record, condition) => call("put", record, condition, {}),
    delete: (key, condition) => call("delete", key, condition, {}),
    classify: () => undefined,
    async close() {
      try {
        await call("close");
      } finally {
        await letGo();
      }
    },
  };
}
