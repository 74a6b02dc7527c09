import { type AdapterContext, BEFORE_ALL_TIME } from "@holdfast/core";
import type { Connection } from "./connection.js";
import { toHeader, type WireHeader } from "./wire.js";

const PAGE = 250;

/**
 * Computes the terms of every item anew, for an index that an older tokenizer has built. An item that is written meanwhile keeps
 * what its writer says. Stopped half-way it is done again at the next opening.
 */
export async function reindex(
  connection: Connection,
  store: string,
  { tokenizerVersion, termsOf }: AdapterContext,
): Promise<void> {
  for (let after: string | null = null; ; ) {
    const page: { items: WireHeader[]; has_more: boolean } = await connection.call(
      "holdfast_list",
      { p_store: store, p_from: "", p_below: null, p_after: after, p_limit: PAGE, p_now: BEFORE_ALL_TIME },
      undefined,
    );
    const headers = page.items.map(toHeader);
    const entries = headers.map((header) => ({ key: header.key, version: header.version, terms: termsOf(header) }));
    await connection.call("holdfast_reindex", { p_store: store, p_entries: entries }, undefined);
    if (!page.has_more) break;
    after = headers.at(-1)?.key ?? null;
  }
  await connection.call("holdfast_reindexed", { p_store: store, p_tokenizer: tokenizerVersion }, undefined);
}
