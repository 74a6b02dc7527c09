import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Harness } from "@holdfast/conformance";
import type { Capabilities } from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";
import { createMemoryStore, memory } from "@holdfast/memory";
import { sqlite } from "@holdfast/sqlite";
import { startPeer } from "./start-peer.ts";

/** An adapter that is certified, as an app gets it that sets no option. */
export interface CertifiedAdapter {
  readonly capabilities: Capabilities;
  readonly harness: Harness;
}

/** Every adapter of this repository that runs on Node. */
export const adapters: readonly CertifiedAdapter[] = [
  {
    capabilities: memory().capabilities,
    harness: {
      name: "memory",
      async open() {
        const store = createMemoryStore();
        return { adapter: () => memory({ store }), persistent: true, destroy: async () => undefined };
      },
    },
  },
  {
    // Nothing is opened by asking.
    capabilities: sqlite({ path: join(tmpdir(), "never-opened.db") }).capabilities,
    harness: {
      name: "sqlite",
      async open() {
        const directory = await mkdtemp(join(tmpdir(), "holdfast-certify-"));
        const path = join(directory, "store.db");
        return {
          adapter: () => sqlite({ path }),
          persistent: true,
          peer: () => startPeer("sqlite-peer.ts", path),
          destroy: () => rm(directory, { recursive: true, force: true }),
        };
      },
    },
  },
  {
    capabilities: filesystem({ root: join(tmpdir(), "never-opened") }).capabilities,
    harness: {
      name: "filesystem",
      async open() {
        const root = await mkdtemp(join(tmpdir(), "holdfast-certify-"));
        return {
          adapter: () => filesystem({ root }),
          persistent: true,
          peer: () => startPeer("filesystem-peer.ts", root),
          destroy: () => rm(root, { recursive: true, force: true }),
        };
      },
    },
  },
];
