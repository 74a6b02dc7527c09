import type { AdapterInfo, StorageAdapter } from "@holdfast/core";
import { everyHeld } from "./every-held.js";
import type { FallbackStore } from "./fallback-store.js";

const PAGE = 1_000;

/** For a primary that does not tell of itself. */
export async function countAll(adapter: StorageAdapter, now: number, signal: AbortSignal): Promise<AdapterInfo> {
  let items = 0;
  let bytes = 0;
  for (let after: string | undefined; ; ) {
    const page = await adapter.list({ prefix: "", after, limit: PAGE }, { now, signal });
    for (const { storedSize } of page) bytes += storedSize;
    items += page.length;
    after = page.at(-1)?.key;
    if (after === undefined || page.length < PAGE) return { items, bytes, details: {} };
  }
}

/** What the fallbacks hold that answer, whether or not that is all there is. */
export async function countHeld(store: FallbackStore, now: number): Promise<AdapterInfo> {
  let items = 0;
  let bytes = 0;
  for await (const { storedSize } of everyHeld(await store.reachable(), now)) {
    items++;
    bytes += storedSize;
  }
  return { items, bytes, details: {} };
}
