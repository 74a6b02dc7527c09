import { SeededRandom } from "@holdfast/conformance";
import { openClassicLevel } from "../contenders/classic-level.ts";
import { openPlainTable } from "../contenders/hand-written.ts";
import { openHandWrittenReads } from "../contenders/hand-written-reads.ts";
import { holdfastFacts, openHoldfast } from "../contenders/holdfast.ts";
import { openKeyvSqlite } from "../contenders/keyv.ts";
import { openLmdb } from "../contenders/lmdb.ts";
import type { Store } from "../contenders/store.ts";
import { openUnstorageDb0 } from "../contenders/unstorage.ts";
import { keyOf, POPULATION } from "../data/documents.ts";
import type { Contender } from "../harness/contender.ts";
import type { Workload } from "../harness/workload.ts";

const OPERATIONS = 1_000;

export const sqliteLoad: Workload<readonly string[]> = {
  id: "sqlite-load",
  title: "SQLite: load 1 KB",
  description: "Loads documents of 1 KB, drawn at random from 100,000, one after the other, as parsed values.",
  unit: "load",
  operations: OPERATIONS,
  rounds: 40,
  warmups: 8,
  populations: ["holdfast", "plain", "classic-level", "lmdb", "unstorage-db0", "keyv"],
  input(round) {
    const random = new SeededRandom(7_000 + round);
    return Array.from({ length: OPERATIONS }, () => keyOf(random.below(POPULATION)));
  },
  results: (keys) => keys.length,
  async open({ population }) {
    const storage = await openHoldfast(population("holdfast"));
    const byHand = openHandWrittenReads(population("holdfast"));
    const plain = openPlainTable(population("plain"));
    const peers = [
      await openClassicLevel(population("classic-level"), "media"),
      await openLmdb(population("lmdb"), "media"),
      await openUnstorageDb0(population("unstorage-db0"), "media"),
      await openKeyvSqlite(population("keyv"), "media"),
    ];
    return [
      {
        ...holdfastFacts,
        note: "checks each body against its SHA-256 before it is parsed",
        prepare: (keys) => () => loadEach(keys, (key) => storage.load(key)),
        close: () => storage.close(),
      },
      {
        id: "hand-written",
        name: "prepared statement, verified",
        role: "limit",
        note: "by hand on Holdfast's file: one SELECT, SHA-256 by node:crypto and JSON.parse, synchronous",
        prepare: (keys) => () => loadEachSync(keys, byHand.loadVerified),
        close: () => byHand.close(),
      },
      {
        id: "unverified",
        name: "prepared statement, not verified",
        role: "beside",
        note: "the same without the checksum: damaged bytes would be handed out",
        prepare: (keys) => () => loadEachSync(keys, byHand.load),
        // The connection is the one above.
        close: () => undefined,
      },
      {
        id: "plain-table",
        name: "plain key-value table",
        role: "beside",
        note: "one table of key and JSON text; not verified, synchronous",
        prepare: (keys) => () => loadEachSync(keys, plain.get),
        close: () => plain.close(),
      },
      ...peers.map(byPeer),
    ];
  },
};

function byPeer(store: Store): Contender<readonly string[]> {
  return {
    id: store.id,
    name: store.name,
    role: "beside",
    note: "not verified by the library",
    prepare: (keys) => () => loadEach(keys, store.load),
    close: () => store.close(),
  };
}

async function loadEach(keys: readonly string[], load: (key: string) => Promise<unknown>): Promise<number> {
  let found = 0;
  for (const key of keys) if (isNote(await load(key))) found++;
  return found;
}

function loadEachSync(keys: readonly string[], load: (key: string) => unknown): number {
  let found = 0;
  for (const key of keys) if (isNote(load(key))) found++;
  return found;
}

function isNote(value: unknown): boolean {
  return typeof value === "object" && value !== null && "checklist" in value;
}
