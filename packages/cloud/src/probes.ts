/** A call of each function that the adapter needs, by what it is for. Changes nothing: no store has the number 0. */
interface Probes {
  readonly name: string;
  readonly calls: Readonly<Record<string, object>>;
}

const store = { p_store: "0" };
const now = { p_now: 0 };
const key = { p_key: "k" };
const version = { p_version: null };
const QUERY = { from: "", below: null, after: null, tags: [], terms: [], ends: [], texts: [], limit: 1, offset: 0 };

export const PROBES: readonly Probes[] = [
  {
    name: "functions that write",
    calls: {
      // Of an owner who is nobody.
      holdfast_open: {
        p_name: "default",
        p_owner: "00000000-0000-0000-0000-000000000000",
        p_tokenizer: 1,
        p_keep: null,
      },
      holdfast_write: { ...store, ...now, p_writes: [], p_keep: null },
      holdfast_stage: { ...store, p_parts: [] },
      holdfast_condemn: { ...store, p_limit: 1 },
      holdfast_forget: { ...store, p_bodies: [] },
      holdfast_sweep: { ...store, ...now, p_from: "", p_below: null, p_due: "none", p_before: 0 },
      holdfast_rewrap: { ...store, ...key, ...version, p_from: null, p_to: null },
      holdfast_drop: { ...store, ...key, ...version },
      holdfast_reindex: { ...store, p_entries: [] },
      holdfast_reindexed: { ...store, p_tokenizer: 1 },
      holdfast_share: { ...store, p_prefix: "", p_whole: false, p_grantee: null, p_role: null },
    },
  },
  {
    name: "functions that read",
    calls: {
      holdfast_get: { ...store, ...key, ...now, ...version },
      holdfast_stat: { ...store, ...key, ...now },
      holdfast_list: { ...store, ...now, p_from: "", p_below: null, p_after: null, p_limit: 1 },
      holdfast_query: { ...store, ...now, p_query: { ...QUERY, order: "key", descending: false } },
      holdfast_history: { ...store, ...key, ...now },
      holdfast_kept: { ...store, ...now, p_key: null, ...version, p_limit: 1 },
      holdfast_feed: { ...store, p_seq: "0", ...version, p_limit: 1 },
      holdfast_feed_end: store,
      holdfast_standing: { ...store, p_after: null, p_limit: 1 },
      holdfast_info: { ...store, ...now },
      holdfast_shares: store,
      holdfast_received: {},
    },
  },
];
