import type { History } from "@holdfast/core";
import type { SweepStep } from "./item-table/history.js";
import type { OpenStore } from "./open-store.js";

/** The previous versions of a store that is open when they are asked for. */
export function historyOf(opened: () => OpenStore): History {
  return {
    list(key, { now, signal }) {
      const store = opened();
      return store.read(() => store.table.history.list(key, now), signal);
    },
    get(key, version, { now, signal }) {
      const store = opened();
      return store.read(() => store.getWith((bodies) => bodies.findVersion(key, version, now)), signal);
    },
    readStream(key, version, { now, signal }) {
      return opened().readStream((bodies) => bodies.findVersion(key, version, now), signal);
    },
    scan(range, { now, signal }) {
      const store = opened();
      return store.read(() => store.table.history.scan(range, now), signal);
    },
    drop(key, version, { signal }) {
      const { group, table } = opened();
      return group.submit(() => table.history.drop(key, version), { signal });
    },
    async sweep(prefix, { now, signal }) {
      const { group, table } = opened();
      let total = 0;
      // Step by step, so that other writes have their turns in between.
      for (let step: SweepStep | undefined; step === undefined || step.next !== undefined; ) {
        signal?.throwIfAborted();
        const place = step?.next;
        step = await group.submit(() => table.history.sweep(prefix, place, now), { signal });
        total += step.dropped;
      }
      return total;
    },
  };
}
