import type { FeedEntry, StorageAdapter } from "@holdfast/core";
import { fail, ok } from "./assert.js";

/** A page of a bare adapter's feed. */
export async function pageBehind(
  adapter: StorageAdapter,
  after: string | undefined,
  limit: number,
): Promise<readonly FeedEntry[]> {
  const page = await adapter.changes?.({ after, limit }, { signal: undefined });
  if (page?.outcome !== "page") fail("the feed asks for a fresh start where it must go on");
  ok(page.changes.length <= limit, `a page of ${page.changes.length} entries, at most ${limit} were asked for`);
  return page.changes;
}

/** Everything behind a cursor, page by page. */
export async function readFeed(adapter: StorageAdapter, after?: string, limit = 100): Promise<FeedEntry[]> {
  const entries: FeedEntry[] = [];
  for (;;) {
    const page = await pageBehind(adapter, entries.at(-1)?.cursor ?? after, limit);
    entries.push(...page);
    if (page.length === 0) return entries;
    ok(entries.length < 100_000, "the feed comes to an end");
  }
}
