import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAdapter } from "@holdfast/conformance";
import { sqlite } from "@holdfast/sqlite";
import Database from "better-sqlite3";
import { describe, it } from "vitest";
import { startPeer } from "./support/start-peer.js";

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
        peer: () => startPeer(path),
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
