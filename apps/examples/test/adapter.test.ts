import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAdapter } from "@holdfast/conformance";
import { describe, it } from "vitest";
import { level } from "../src/adapter/level.ts";

describeAdapter(
  {
    name: "level",
    async open() {
      const location = await mkdtemp(join(tmpdir(), "level-"));
      return {
        adapter: () => level({ location }),
        persistent: true,
        destroy: () => rm(location, { recursive: true }),
      };
    },
  },
  { describe, it },
);
