import type { Awaitable, CallOptions, History, Maintenance } from "@holdfast/core";

/** Asks the primary for what it alone has; rejects while it is away, naming what was asked for. */
export type OfPrimary = <T>(
  what: string,
  options: CallOptions,
  work: (signal: AbortSignal) => Awaitable<T>,
) => Promise<T>;

export function historyThrough(history: History, ask: OfPrimary): History {
  return {
    list: (key, options) => ask("history", options, (signal) => history.list(key, { ...options, signal })),
    get: (key, version, options) =>
      ask("history", options, (signal) => history.get(key, version, { ...options, signal })),
    sweep: (prefix, options) => ask("history", options, (signal) => history.sweep(prefix, { ...options, signal })),
  };
}

export function maintenanceThrough(maintain: Maintenance, ask: OfPrimary): Maintenance {
  const { check, repair, compact } = maintain;
  return {
    ...(check && {
      check: (options) => ask("maintenance", options, (signal) => check.call(maintain, { signal })),
    }),
    ...(repair && {
      repair: (options) => ask("maintenance", options, (signal) => repair.call(maintain, { signal })),
    }),
    ...(compact && {
      compact: (options) => ask("maintenance", options, (signal) => compact.call(maintain, { signal })),
    }),
  };
}
