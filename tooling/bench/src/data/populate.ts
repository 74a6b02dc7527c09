import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { StorageEngine } from "@holdfast/core";
import { openClassicLevel } from "../contenders/classic-level.ts";
import { openFts5 } from "../contenders/fts5.ts";
import { openPlainTable } from "../contenders/hand-written.ts";
import { openHoldfast, openHoldfastFiles, saveDocument } from "../contenders/holdfast.ts";
import { openKeyvSqlite } from "../contenders/keyv.ts";
import { openLmdb } from "../contenders/lmdb.ts";
import type { Store } from "../contenders/store.ts";
import { openUnstorageDb0, openUnstorageFs } from "../contenders/unstorage.ts";
import type { PopulationId } from "../harness/workload.ts";
import { populateIndexedDb } from "../workloads/indexeddb-reads.ts";
import { type Document, documentsFrom, POPULATION } from "./documents.ts";

const SLICE = 1_000;

/** Fills one store with the population, in the order of the document's numbers. */
export async function populate(id: PopulationId, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  if (id === "indexeddb") return populateIndexedDb(path, POPULATION);
  const { save, close } = await openFiller(id, path);
  for (let number = 0; number < POPULATION; number += SLICE) await save(documentsFrom(number, SLICE));
  await close();
}

interface Filler {
  save(documents: readonly Document[]): Promise<void>;
  close(): void | Promise<void>;
}

async function openFiller(id: Exclude<PopulationId, "indexeddb">, path: string): Promise<Filler> {
  switch (id) {
    case "holdfast":
      return fillHoldfast(await openHoldfast(path), true);
    case "holdfast-files":
      return fillHoldfast(await openHoldfastFiles(path), false);
    case "plain":
      return fillPlainTable(path);
    case "fts5":
      return fillFts5(path);
    case "keyv":
      return fillStore(await openKeyvSqlite(path, "media"));
    case "unstorage-db0":
      return fillStore(await openUnstorageDb0(path, "media"));
    case "classic-level":
      return fillStore(await openClassicLevel(path, "media"));
    case "unstorage-fs":
      return fillStore(await openUnstorageFs(path));
    case "lmdb":
      return fillStore(await openLmdb(path, "media"));
  }
}

function fillHoldfast(storage: StorageEngine, isReadByHand: boolean): Filler {
  return {
    async save(documents) {
      await Promise.all(documents.map((document) => saveDocument(storage, document)));
    },
    async close() {
      // Of files: what is not in its place yet would be put there while others are timed.
      await storage.flush();
      // What is read by hand reads the indexes alone: they lag until the store is checked.
      if (isReadByHand) await storage.verify();
      await storage.close();
    },
  };
}

function fillPlainTable(path: string): Filler {
  const table = openPlainTable(path);
  return {
    async save(documents) {
      table.begin();
      for (const document of documents) table.put(document);
      table.commit();
    },
    close: () => table.close(),
  };
}

function fillFts5(path: string): Filler {
  const index = openFts5(path);
  return {
    async save(documents) {
      index.add(documents);
    },
    close: () => index.close(),
  };
}

function fillStore(store: Store): Filler {
  return { save: (documents) => store.fill(documents), close: () => store.close() };
}
