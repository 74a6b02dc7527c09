import { type Capabilities, type StorageAdapter, StorageError } from "@holdfast/core";

const DURABILITY = ["memory", "process", "media"] as const;
const REACH = ["none", "process", "cross-process"] as const;

/** What a primary and its fallbacks can do together: the least of each, but for what is only ever the primary's. */
export function capabilitiesOf(primary: StorageAdapter, fallbacks: readonly StorageAdapter[]): Capabilities {
  const { query, watch, changes, history } = primary.capabilities;
  const all = [primary, ...fallbacks].map(({ capabilities }) => capabilities);
  // Bodies go through whole, since a fallback takes over in the middle of nothing.
  const body = Math.min(...all.map(({ limits }) => Math.min(limits.body, limits.bufferedBody)));
  return {
    durability: least(
      DURABILITY,
      all.map(({ durability }) => durability),
    ),
    compareAndSet: least(
      REACH,
      all.map(({ compareAndSet }) => compareAndSet),
    ),
    batch: all.every(({ batch }) => batch === "atomic") ? "atomic" : "none",
    query,
    watch,
    changes,
    history,
    streams: "buffered",
    limits: { body, bufferedBody: body },
  };
}

/** Throws INVALID_OPTION. */
export function checkMembers(primary: StorageAdapter, fallbacks: readonly StorageAdapter[]): void {
  if (!Array.isArray(fallbacks) || fallbacks.length === 0) {
    throw new StorageError("INVALID_OPTION", "fallbacks is an array of at least one store");
  }
  if (new Set([primary, ...fallbacks]).size !== fallbacks.length + 1) {
    throw new StorageError("INVALID_OPTION", "a store is the primary or one of the fallbacks, once");
  }
  for (const { name, capabilities } of [primary, ...fallbacks]) {
    if (capabilities.compareAndSet !== "none") continue;
    throw new StorageError(
      "INVALID_OPTION",
      `${name} has no compare-and-set, without which nothing can be replayed safely`,
    );
  }
}

function least<Level>(order: readonly Level[], levels: readonly Level[]): Level {
  return levels.reduce((low, level) => (order.indexOf(level) < order.indexOf(low) ? level : low));
}
