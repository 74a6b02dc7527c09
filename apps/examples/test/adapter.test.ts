import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAdapter } from "@holdfast/conformance";
import { forkPeer } from "@holdfast/conformance/node";
import { describe, it } from "vitest";
import { level } from "../src/adapter/level.ts";

const PEER = new URL("level-peer.ts", import.meta.url);

describeAdapter(
  {
    name: "level",
    async open() {
      const location = await mkdtemp(join(tmpdir(), "level-"));
      return {
        adapter: () => level({ location }),
        persistent: true,
        peer: () => forkPeer(PEER, [location]),
        destroy: () => rm(location, { recursive: true }),
      };
    },
  },
  { describe, it },
);
