import type { Awaitable, CallOptions, History, Maintenance } from "@holdfast/core";
import type { Asking } from "./primary.js";

/** Asks the primary for what it alone has; rejects while it is away, naming what was asked for. */
export type OfPrimary = <T>(
  what: string,
  options: CallOptions,
  work: (signal: AbortSignal) => Awaitable<T>,
  asking?: Asking,
) => Promise<T>;

/** Work on everything that is stored: it takes as long as it takes, and is not begun a second time beside the first. */
const THOROUGH: Asking = { retries: 0, untimed: true };

export function historyThrough(history: History, ask: OfPrimary): History {
  return {
    list: (key, options) => ask("history", options, (signal) => history.list(key, { ...options, signal })),
    get: (key, version, options) =>
      ask("history", options, (signal) => history.get(key, version, { ...options, signal })),
    sweep: (prefix, options) =>
      ask("history", options, (signal) => history.sweep(prefix, { ...options, signal }), THOROUGH),
    scan: (range, options) => ask("history", options, (signal) => history.scan(range, { ...options, signal })),
    drop: (key, version, options) => ask("history", options, (signal) => history.drop(key, version, { signal })),
  };
}

export function maintenanceThrough(maintain: Maintenance, ask: OfPrimary): Maintenance {
  const { check, repair, compact } = maintain;
  return {
    ...(check && {
      check: (options) => ask("maintenance", options, (signal) => check.call(maintain, { signal }), THOROUGH),
    }),
    ...(repair && {
      repair: (options) => ask("maintenance", options, (signal) => repair.call(maintain, { signal }), THOROUGH),
    }),
    ...(compact && {
      compact: (options) => ask("maintenance", options, (signal) => compact.call(maintain, { signal }), THOROUGH),
    }),
  };
}
