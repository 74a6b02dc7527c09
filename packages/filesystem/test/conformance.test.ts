import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAdapter } from "@holdfast/conformance";
import { filesystem } from "@holdfast/filesystem";
import { describe, it } from "vitest";
import { startPeer } from "./support/start-peer.js";

const seed = process.env["HOLDFAST_SEED"];

describeAdapter(
  {
    name: "filesystem",
    async open() {
      const root = await mkdtemp(join(tmpdir(), "holdfast-filesystem-"));
      return {
        adapter: () => filesystem({ root }),
        persistent: true,
        peer: () => startPeer(root),
        destroy: () => rm(root, { recursive: true, force: true }),
      };
    },
  },
  { describe, it },
  { seed: seed === undefined ? undefined : Number(seed) },
);
