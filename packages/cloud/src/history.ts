import {
  afterPrefix,
  type CallOptions,
  type EncryptionHeader,
  type History,
  type HistoryLimits,
  type PreviousRecord,
  type RecordHeader,
  type Version,
} from "@holdfast/core";
import type { OpenStore } from "./open-store.js";
import { toHeader, toHeaderText, type WireHeader } from "./wire.js";

interface SweepStep {
  readonly dropped: number;
  readonly more: boolean;
}

interface Rewrapped {
  readonly done: boolean;
  /** As it reads now. */
  readonly header: string;
}

const SCAN_PAGE = 1_000;

/** Versions that stood once. `opened` gives the store that is open. */
export function historyOf(opened: () => OpenStore): History {
  return {
    async list(key, { now, signal }): Promise<PreviousRecord[]> {
      const { connection, store } = opened();
      const kept = await connection.call<[header: string, created: number, replaced: number][]>(
        "holdfast_history",
        { p_store: store, p_key: key, p_now: now },
        signal,
      );
      return kept.map(([header, created, replaced]) => ({ header: toHeader([header, created]), replaced }));
    },
    get: (key, version, options) => opened().get(key, version, options),
    readStream: (key, version, options) => opened().readStream(key, version, options),
    async scan({ after, limit }, { now, signal }): Promise<RecordHeader[]> {
      const { connection, store } = opened();
      const headers: RecordHeader[] = [];
      for (let from = after; headers.length < limit; ) {
        const page = Math.min(limit - headers.length, SCAN_PAGE);
        const place = { p_key: from?.key ?? null, p_version: from?.version ?? null };
        const asked = { p_store: store, ...place, p_limit: page, p_now: now };
        const kept = await connection.call<WireHeader[]>("holdfast_kept", asked, signal);
        for (const header of kept) headers.push(toHeader(header));
        from = headers.at(-1);
        if (kept.length < page) break;
      }
      return headers;
    },
    async drop(key, version, { signal }): Promise<void> {
      const { connection, store } = opened();
      await connection.call("holdfast_drop", { p_store: store, p_key: key, p_version: version }, signal);
    },
    sweep: (prefix, { now, signal }) => sweep(opened(), prefix, now, signal),
  };
}

/** Replaces `encryption` in the header of one version, standing or kept; false when it is not there. */
export async function rewrap(
  { connection, store }: OpenStore,
  key: string,
  version: Version,
  encryption: EncryptionHeader,
  { signal }: CallOptions,
): Promise<boolean> {
  let from: string | null = null;
  let to: string | null = null;
  for (;;) {
    const asked: Readonly<Record<string, string | null>> = {
      p_store: store,
      p_key: key,
      p_version: version,
      p_from: from,
      p_to: to,
    };
    const answer: Rewrapped | null = await connection.call("holdfast_rewrap", asked, signal);
    if (answer === null) return false;
    // Also done: an earlier try whose answer was lost.
    if (answer.done || answer.header === to) return true;
    // Read now, or changed since it was: by another rotation.
    from = answer.header;
    to = toHeaderText({ ...toHeader([from, 0]), encryption });
  }
}

/** Drops kept versions as core says, then the objects that nothing refers to any more. */
async function sweep(
  { connection, store, mine, bodies, history }: OpenStore,
  prefix: string,
  now: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  // What is kept, and for how long, is the owner's to say.
  if (!mine) return 0;
  const range = { p_store: store, p_from: prefix, p_below: afterPrefix(prefix), ...dueFor(history, now), p_now: now };
  let dropped = 0;
  for (let more = true; more; ) {
    const step: SweepStep = await connection.call("holdfast_sweep", range, signal);
    dropped += step.dropped;
    more = step.more;
  }
  await bodies.sweep(signal);
  return dropped;
}

/** What goes beside what has expired. */
function dueFor(history: HistoryLimits | false | undefined, now: number): { p_due: string; p_before: number } {
  // Whoever says nothing about history must not wipe out what others keep.
  if (history === undefined) return { p_due: "none", p_before: 0 };
  if (history === false) return { p_due: "all", p_before: 0 };
  if (history.age !== Number.POSITIVE_INFINITY)
    return { p_due: "old", p_before: Math.max(Number.MIN_SAFE_INTEGER, Math.ceil(now - history.age)) };
  return { p_due: "gone", p_before: 0 };
}
