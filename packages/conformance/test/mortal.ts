import { type AdapterMethod, replacing } from "@holdfast/conformance";
import { type StorageAdapter, StorageError } from "@holdfast/core";

const CALLS_PER_TURN = 200;
const METHODS = ["stat", "get", "put", "delete", "list", "batch", "query", "count"] as const satisfies AdapterMethod[];

/**
 * Ends loops that a fault makes endless, such as an update that meets the same conflict for ever: gives way to timers from
 * time to time, and refuses everything once `lifetime` milliseconds have passed.
 */
export function mortal(adapter: StorageAdapter, lifetime: number): StorageAdapter {
  const end = performance.now() + lifetime;
  let calls = 0;
  const guarded = METHODS.filter((name) => adapter[name] !== undefined).map((name) => {
    const method = adapter[name] as (...args: unknown[]) => unknown;
    return [
      name,
      async (...args: unknown[]) => {
        if (++calls % CALLS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        if (performance.now() > end) throw new StorageError("TIMEOUT", `still at work after ${lifetime} ms`);
        return method.apply(adapter, args);
      },
    ];
  });
  return replacing(adapter, Object.fromEntries(guarded));
}
