import { describeAdapter } from "@holdfast/conformance";
import { describe, it } from "vitest";
import { newBacking } from "./support/backing.ts";
import { startWorker } from "./support/start-worker.ts";

describeAdapter({ name: "indexeddb in a window", open: async () => newBacking(startWorker) }, { describe, it });
