import { loadPart, StorageError } from "@holdfast/core";
import type { MemoryOptions } from "@holdfast/memory";
import type { AdapterEntry } from "./adapter-entry.js";
import { numberOption } from "./url-values.js";

/** `memory:` or `memory:?capacity=1000000` (bytes): a new, empty store each time. */
export const memoryEntry: AdapterEntry<MemoryOptions> = {
  package: "@holdfast/memory",
  urlOptions: ["capacity"],
  parse(url) {
    if (url.path !== "") {
      throw new StorageError("INVALID_OPTION", `a memory: URL has no path, so not ${JSON.stringify(url.path)}`);
    }
    return { capacity: numberOption(url, "capacity") };
  },
  load: async () => (await loadPart(() => import("@holdfast/memory"), "@holdfast/memory")).memory,
  ofApp: () => ({}),
};
