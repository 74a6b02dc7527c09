import type { History } from "@holdfast/core";
import type { OpenStore } from "./open-store.js";
import { sweepHistory } from "./sweep-history.js";

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
      return sweepHistory(opened(), prefix, now, signal);
    },
  };
}
