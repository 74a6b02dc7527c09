import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  createMigrator,
  openStorage,
  type StorageAdapter,
  systemPorts,
  TOKENIZER_VERSION,
  termsOf,
  type WriteRecord,
} from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";
import { holdfastFacts } from "../contenders/holdfast.ts";
import { POPULATION } from "../data/documents.ts";
import type { Contender } from "../harness/contender.ts";
import type { Workload } from "../harness/workload.ts";

/** Records of one step, as the migrator takes them. */
const BATCH = 256;
const PAGE = 1_000;

/** Which round it is; each copies the same into a new store. */
type Round = number;

export const migration: Workload<Round> = {
  id: "migration",
  title: "Migration: copy 100,000 items from SQLite to SQLite",
  description: `Copies a store of ${POPULATION.toLocaleString("en")} documents of 1 KB into an empty one: the copy phase alone, without the plan before and the verification after it.`,
  unit: "item",
  operations: POPULATION,
  rounds: 5,
  warmups: 1,
  populations: ["holdfast"],
  input: (round) => round,
  results: () => POPULATION,
  async open({ directory, population }) {
    const source = sqlite({ path: population("holdfast") });
    const place = (name: string, round: Round) => {
      const folder = join(directory, `${name}-${round}`);
      mkdirSync(folder);
      return sqlite({ path: join(folder, "store.db") });
    };
    return [
      byMigrator(source, (round) => place("migrated", round)),
      await byHand(population("holdfast"), (round) => place("by-hand", round)),
    ];
  },
};

function byMigrator(source: StorageAdapter, destination: (round: Round) => StorageAdapter): Contender<Round> {
  const opening = openStorage(source);
  let opened: { close(): void | Promise<void> } | undefined;
  return {
    ...holdfastFacts,
    name: "Holdfast, migrate",
    durability: "media",
    note: "reads and verifies each item, computes its search terms and writes 256 in a step; both stores by one thread",
    async prepare(round) {
      const from = await opening;
      const to = await openStorage(destination(round), { closeTimeout: 600_000 });
      opened = to;
      return async () => {
        let [began, ended] = [0, 0];
        const { copied } = await createMigrator(from, to).migrate({
          validate: false,
          progress({ phase, items }) {
            if (phase !== "copy") return;
            ended = performance.now();
            if (items === 0) began = ended;
          },
        });
        return { results: copied, milliseconds: ended - began };
      };
    },
    settle: async () => opened?.close(),
    close: async () => (await opening).close(),
  };
}

/** The slower of the two sides: the records are in memory, with their terms, and only written. */
async function byHand(path: string, destination: (round: Round) => StorageAdapter): Promise<Contender<Round>> {
  const records = await readAll(path);
  let opened: { close(): void | Promise<void> } | undefined;
  return {
    id: "raw-batches",
    name: "the destination alone, by hand",
    role: "limit",
    durability: "media",
    note: "the adapter's own `batch` of 256 records at a time, read, verified and given their search terms before",
    async prepare(round) {
      const adapter = destination(round);
      await open(adapter);
      opened = adapter;
      return async () => {
        for (let start = 0; start < records.length; start += BATCH) {
          const step = records.slice(start, start + BATCH);
          const writes = step.map((record) => ({ type: "put", record, expect: "absent" }) as const);
          await adapter.batch?.(writes, { now: Date.now(), signal: undefined });
        }
        return records.length;
      };
    },
    settle: async () => opened?.close(),
    close: () => undefined,
  };
}

async function readAll(path: string): Promise<WriteRecord[]> {
  const adapter = sqlite({ path });
  await open(adapter);
  const reading = { now: Date.now(), signal: undefined };
  const records: WriteRecord[] = [];
  for (let after: string | undefined; ; ) {
    const page = await adapter.list({ prefix: "", after, limit: PAGE }, reading);
    for (const { key } of page) {
      const record = await adapter.get(key, reading);
      if (record !== undefined) {
        records.push({ ...record, terms: termsOf(record.header), chunkHashes: new Uint8Array(0) });
      }
    }
    after = page.at(-1)?.key;
    if (page.length < PAGE) break;
  }
  await adapter.close();
  return records;
}

async function open(adapter: StorageAdapter): Promise<void> {
  await adapter.open({ ports: systemPorts, tokenizerVersion: TOKENIZER_VERSION, termsOf, history: undefined });
}
