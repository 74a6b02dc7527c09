import { describeAdapter } from "@holdfast/conformance";
import { createMemoryStore, memory } from "@holdfast/memory";
import { describe, it } from "vitest";

const seed = process.env["HOLDFAST_SEED"];

describeAdapter(
  {
    name: "memory",
    async open() {
      const store = createMemoryStore();
      return {
        adapter: () => memory({ store }),
        persistent: true,
        forgetFeed: async () => store.forgetFeed(),
        destroy: async () => undefined,
      };
    },
  },
  { describe, it },
  { seed: seed === undefined ? undefined : Number(seed) },
);
