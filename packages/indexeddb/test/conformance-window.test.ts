import type {} from "@holdfast/browser";
import { describeAdapter } from "@holdfast/conformance";
import { describe, inject, it } from "vitest";
import { LONGEST_CASE, newBacking } from "./support/backing.ts";
import { startTab } from "./support/start-tab.ts";
import { windowParts } from "./support/suite-parts.ts";

describeAdapter(
  { name: "indexeddb in a window", open: async () => newBacking(startTab), timeout: LONGEST_CASE },
  { describe, it },
  { ...windowParts.first, seed: inject("seed") },
);
