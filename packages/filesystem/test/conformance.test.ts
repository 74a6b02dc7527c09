import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAdapter } from "@holdfast/conformance";
import { forkPeer } from "@holdfast/conformance/node";
import { filesystem } from "@holdfast/filesystem";
import { betterSqlite3 } from "@holdfast/sqlite/item-table";
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
        async forgetFeed() {
          // By the adapter's own library: two of them in one process take the locks on a file from each other.
          const table = await betterSqlite3().open(join(root, ".holdfast", "store.db"), "readwrite");
          // The newest entry never leaves.
          table.exec("DELETE FROM feed WHERE seq < (SELECT max(seq) FROM feed)");
          table.close();
        },
        // A storage whose close was given up, as one case has it, closes behind that: files come and go until it has.
        destroy: () => rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }),
      };
    },
  },
  { describe, it },
  { seed: seed === undefined ? undefined : Number(seed) },
);
