import { describeAdapter, plain } from "@holdfast/conformance";
import { createMemoryStore, memory } from "@holdfast/memory";
import { describe, it } from "vitest";

// The suite and the reference adapter themselves, in a window.
describeAdapter(
  {
    name: "memory in a window",
    async open() {
      const store = createMemoryStore();
      return { adapter: () => memory({ store }), persistent: true, destroy: async () => undefined };
    },
  },
  { describe, it },
  { modes: [plain] },
);
