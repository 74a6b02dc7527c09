import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAdapter } from "@holdfast/conformance";
import { filesystem } from "@holdfast/filesystem";
import { describe, it } from "vitest";
import { startPeer } from "./support/start-peer.js";

// The suite does not ask what survives a loss of power: a disk in memory spares it tens of thousands of fsyncs.
const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const seed = process.env["HOLDFAST_SEED"];

describeAdapter(
  {
    name: "filesystem",
    async open() {
      const root = await mkdtemp(join(parent, "holdfast-filesystem-"));
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
