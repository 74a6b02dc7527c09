import type { History, HistoryLimits, PreviousRecord } from "@holdfast/core";
import { following } from "./key-range.js";
import type { OpenStore } from "./open-store.js";
import { toHeader } from "./wire.js";

interface SweepStep {
  readonly dropped: number;
  readonly more: boolean;
}

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
    sweep: (prefix, { now, signal }) => sweep(opened(), prefix, now, signal),
  };
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
  const range = { p_store: store, p_from: prefix, p_below: following(prefix), ...dueFor(history, now), p_now: now };
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
