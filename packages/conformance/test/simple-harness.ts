import type { Harness } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";
import { createSimpleStore, simpleAdapter } from "./simple-adapter.js";

/** Stores of the simple adapter, each adapter as `make` leaves it. */
export function simpleHarness(
  name = "simple",
  make: (sound: StorageAdapter) => StorageAdapter = (sound) => sound,
): Harness {
  return {
    name,
    timeout: 10_000,
    async open() {
      const store = createSimpleStore();
      return {
        adapter: () => make(simpleAdapter(store)),
        persistent: true,
        destroy: async () => store.records.clear(),
      };
    },
  };
}
