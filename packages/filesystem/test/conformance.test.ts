import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAdapter } from "@holdfast/conformance";
import { forkPeer } from "@holdfast/conformance/node";
import { filesystem } from "@holdfast/filesystem";
import { describe, it } from "vitest";

const PEER = new URL("support/peer.ts", import.meta.url);
const seed = process.env["HOLDFAST_SEED"];

describeAdapter(
  {
    name: "filesystem",
    async open() {
      const root = await mkdtemp(join(tmpdir(), "holdfast-filesystem-"));
      return {
        adapter: () => filesystem({ root }),
        persistent: true,
        peer: () => forkPeer(PEER, [root]),
        destroy: () => rm(root, { recursive: true, force: true }),
      };
    },
  },
  { describe, it },
  { seed: seed === undefined ? undefined : Number(seed) },
);
