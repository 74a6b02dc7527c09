import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAdapter } from "@holdfast/conformance";
import { forkPeer } from "@holdfast/conformance/node";
import { sqlite } from "@holdfast/sqlite";
import Database from "better-sqlite3";
import { describe, it } from "vitest";

const PEER = new URL("support/peer.ts", import.meta.url);
const seed = process.env["HOLDFAST_SEED"];

describeAdapter(
  {
    name: "sqlite",
    async open() {
      const directory = await mkdtemp(join(tmpdir(), "holdfast-sqlite-"));
      const path = join(directory, "store.db");
      return {
        adapter: () => sqlite({ path }),
        persistent: true,
        peer: () => forkPeer(PEER, [path]),
        async forgetFeed() {
          const database = new Database(path);
          // The newest entry never leaves.
          database.exec("DELETE FROM feed WHERE seq < (SELECT max(seq) FROM feed)");
          database.close();
        },
        destroy: () => rm(directory, { recursive: true, force: true }),
      };
    },
  },
  { describe, it },
  { seed: seed === undefined ? undefined : Number(seed) },
);
