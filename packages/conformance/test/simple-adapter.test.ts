import { describeAdapter, plain, replacing } from "@holdfast/conformance";
import { describe, it } from "vitest";
import { createSimpleStore, simpleAdapter } from "./simple-adapter.js";
import { indexedHarness, simpleHarness } from "./simple-harness.js";

describeAdapter(simpleHarness(), { describe, it }, { modes: [plain] });

// With every feature that an adapter may offer.
describeAdapter(indexedHarness(), { describe, it }, { modes: [plain] });

// Without any feature that an adapter may leave out, and with a store that is gone when nobody has it open: here every
// case that needs something proves the refusal instead.
describeAdapter(
  {
    name: "bare",
    async open() {
      const store = createSimpleStore();
      let open = 0;
      return {
        persistent: false,
        destroy: async () => undefined,
        adapter() {
          const sound = simpleAdapter(store);
          return replacing(sound, {
            capabilities: { ...sound.capabilities, compareAndSet: "none", batch: "none", watch: "none" },
            batch: undefined,
            watch: undefined,
            open(context) {
              open++;
              return sound.open(context);
            },
            close() {
              if (--open > 0) return;
              store.records.clear();
              store.tombstones.clear();
              store.lastVersion = undefined;
            },
          });
        },
      };
    },
  },
  { describe, it },
  { modes: [plain] },
);
