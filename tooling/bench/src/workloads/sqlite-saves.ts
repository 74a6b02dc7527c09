import { join } from "node:path";
import { openClassicLevel } from "../contenders/classic-level.ts";
import { createHandWritten, type HandRecord, handRecord, openPlainTable } from "../contenders/hand-written.ts";
import { holdfastFacts, openHoldfast, saveDocument } from "../contenders/holdfast.ts";
import { openKeyvSqlite } from "../contenders/keyv.ts";
import { openLmdb } from "../contenders/lmdb.ts";
import type { Store } from "../contenders/store.ts";
import { openUnstorageDb0, openUnstorageFs } from "../contenders/unstorage.ts";
import { type Document, documentsFrom } from "../data/documents.ts";
import type { Contender } from "../harness/contender.ts";
import type { Site, Workload } from "../harness/workload.ts";
import { callTogether } from "./call-together.ts";

/** New documents, in the order in which they are saved. */
export interface SaveInput {
  readonly first: number;
  readonly documents: readonly Document[];
}

interface SaveShape {
  readonly durability: "media" | "process";
  /** How many saves are called before the first is awaited; by hand, how many share a transaction. */
  readonly together: number;
  readonly operations: number;
  readonly rounds: number;
}

export const sqliteSave: Workload<SaveInput> = saves(
  {
    id: "sqlite-save",
    title: "SQLite: durable save, one by one",
    description:
      "Saves new documents of 1 KB, each awaited before the next. By the hand-written SQL each is a transaction of its own.",
  },
  { durability: "media", together: 1, operations: 200, rounds: 40 },
);

export const sqliteSaveTogether: Workload<SaveInput> = saves(
  {
    id: "sqlite-save-64",
    title: "SQLite: durable save, 64 at once",
    description:
      "Saves new documents of 1 KB: 64 calls, then awaits them all. The hand-written SQL puts each 64 into one transaction.",
  },
  { durability: "media", together: 64, operations: 640, rounds: 40 },
);

export const sqliteSaveProcess: Workload<SaveInput> = saves(
  {
    id: "sqlite-save-process",
    title: "SQLite: save that survives a crash of the process, one by one",
    description: "As the durable save, but no contender waits for the disk: a loss of power may take the newest saves.",
  },
  { durability: "process", together: 1, operations: 200, rounds: 30 },
);

function saves(
  facts: { readonly id: string; readonly title: string; readonly description: string },
  { durability, together, operations, rounds }: SaveShape,
): Workload<SaveInput> {
  return {
    ...facts,
    unit: "save",
    operations,
    rounds,
    warmups: 6,
    populations: [],
    input(round) {
      const first = round * operations;
      return { first, documents: documentsFrom(first, operations) };
    },
    results: ({ documents }) => documents.length,
    async open({ directory }: Site) {
      const at = (name: string) => join(directory, name);
      const peers = [
        await openClassicLevel(at("classic-level"), durability),
        await openLmdb(at("lmdb"), durability),
        await openUnstorageDb0(at("unstorage-db0.db"), durability),
        await openKeyvSqlite(at("keyv.db"), durability),
      ];
      if (durability === "process") peers.push(await openUnstorageFs(at("unstorage-fs")));
      return [
        await byHoldfast(at("holdfast.db"), durability, together),
        await byHand(at("hand-written.db"), durability, together),
        byPlainTable(at("plain-table.db"), durability, together),
        ...peers.map((peer) => byPeer(peer, together)),
      ];
    },
  };
}

async function byHoldfast(
  file: string,
  durability: "media" | "process",
  together: number,
): Promise<Contender<SaveInput>> {
  const storage = await openHoldfast(file, durability);
  return {
    ...holdfastFacts,
    durability,
    note:
      durability === "media"
        ? "resolves after `COMMIT` with `synchronous = FULL`; saves of one turn share a transaction"
        : '`durability: "process"`: `COMMIT` with `synchronous = NORMAL`',
    prepare: ({ documents }) => callTogether(documents, together, (document) => saveDocument(storage, document)),
    close: () => storage.close(),
  };
}

function byPeer(store: Store, together: number): Contender<SaveInput> {
  return {
    id: store.id,
    name: store.name,
    role: "beside",
    durability: store.durability,
    note: store.note,
    prepare: ({ documents }) => callTogether(documents, together, (document) => store.save(document)),
    close: () => store.close(),
  };
}

async function byHand(file: string, durability: "media" | "process", together: number): Promise<Contender<SaveInput>> {
  const writer = await createHandWritten(file, durability);
  return {
    id: "hand-written",
    name: "hand-written SQL, same tables",
    role: "limit",
    durability,
    note: "better-sqlite3 with prepared statements on the tables, indexes and settings of a Holdfast store; JSON.stringify is timed, search terms, checksum and version are given",
    prepare({ first, documents }) {
      const records = documents.map((document, index) => handRecord(document, first + index));
      return () => inTransactions<HandRecord>(records, together, writer);
    },
    close() {
      writer.database.close();
    },
  };
}

function byPlainTable(file: string, durability: "media" | "process", together: number): Contender<SaveInput> {
  const table = openPlainTable(file, durability);
  return {
    id: "plain-table",
    name: "plain key-value table",
    role: "beside",
    durability,
    note: "better-sqlite3 with the same settings, one table of key and JSON text, no other index and no feed",
    prepare:
      ({ documents }) =>
      () =>
        inTransactions(documents, together, table),
    close: () => table.close(),
  };
}

interface Transactional<T> {
  put(value: T): void;
  begin(): void;
  commit(): void;
}

function inTransactions<T>(values: readonly T[], together: number, target: Transactional<T>): number {
  let saved = 0;
  while (saved < values.length) {
    target.begin();
    for (const value of values.slice(saved, saved + together)) {
      target.put(value);
      saved++;
    }
    target.commit();
  }
  return saved;
}
