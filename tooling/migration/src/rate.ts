import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  checksumOf,
  createMigrator,
  openStorage,
  type RecordHeader,
  type StorageAdapter,
  systemPorts,
  TOKENIZER_VERSION,
  termsOf,
  VersionClock,
  type WriteRecord,
} from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";
import { memory } from "@holdfast/memory";
import { sqlite } from "@holdfast/sqlite";

/** Records of one batch, here and in the migrator. */
const BATCH = 256;

export const rateKinds: Readonly<Record<string, (folder: string) => StorageAdapter>> = {
  memory: () => memory(),
  sqlite: (folder) => sqlite({ path: join(folder, "store.db") }),
  filesystem: (folder) => filesystem({ root: join(folder, "files") }),
};

/** In items a second. */
export interface Rates {
  readonly read: number;
  readonly write: number;
  readonly copy: number;
  /** Of the copy against the slower side. */
  readonly share: number;
}

/** How fast each side is by hand, a batch at a time with everything prepared, and how fast the copy phase is. */
export async function measureRates(from: string, to: string, items: number): Promise<Rates> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-rate-"));
  try {
    for (const name of ["source", "raw", "destination"]) await mkdir(join(folder, name));
    const source = adapterOf(from, join(folder, "source"));
    const records = await notes(items);
    await open(source);
    await writeAll(source, records, false);
    const read = items / (await seconds(() => readAll(source)));
    const raw = adapterOf(to, join(folder, "raw"));
    await open(raw);
    const write = items / (await seconds(() => writeAll(raw, records, raw.capabilities.query === "native")));
    await raw.close();
    await source.close();
    const copy =
      items /
      (await copySeconds(
        adapterOf(from, join(folder, "source")),
        from === "memory" ? source : undefined,
        adapterOf(to, join(folder, "destination")),
      ));
    return { read, write, copy, share: copy / Math.min(read, write) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function adapterOf(kind: string, folder: string): StorageAdapter {
  const create = rateKinds[kind];
  if (create === undefined) throw new Error(`kinds are ${Object.keys(rateKinds).join(", ")}, not ${kind}`);
  return create(folder);
}

async function open(adapter: StorageAdapter): Promise<void> {
  await adapter.open({ ports: systemPorts, tokenizerVersion: TOKENIZER_VERSION, termsOf, history: undefined });
}

/** What is kept in memory is with the adapter that wrote it. */
async function copySeconds(
  reopened: StorageAdapter,
  kept: StorageAdapter | undefined,
  destination: StorageAdapter,
): Promise<number> {
  await using from = await openStorage(kept ?? reopened, { closeTimeout: 600_000 });
  await using to = await openStorage(destination, { closeTimeout: 600_000 });
  let [began, ended] = [0, 0];
  await createMigrator(from, to).migrate({
    validate: false,
    progress({ phase, items }) {
      if (phase !== "copy") return;
      if (items === 0) began = performance.now();
      ended = performance.now();
    },
  });
  return (ended - began) / 1_000;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

async function readAll(adapter: StorageAdapter): Promise<void> {
  const now = Date.now();
  const reading = { now, signal: undefined };
  let after: string | undefined;
  for (;;) {
    const page = await adapter.list({ prefix: "", after, limit: 1_000 }, reading);
    for (const { key } of page) await adapter.get(key, reading);
    if (page.length < 1_000) return;
    after = page.at(-1)?.key;
  }
}

async function writeAll(adapter: StorageAdapter, records: readonly WriteRecord[], terms: boolean): Promise<void> {
  for (let start = 0; start < records.length; start += BATCH) {
    const writes = records.slice(start, start + BATCH).map((record) => ({
      type: "put" as const,
      record: terms ? record : { ...record, terms: [] },
      expect: "absent" as const,
    }));
    await adapter.batch?.(writes, { now: Date.now(), signal: undefined });
  }
}

/** Notes of 1 KB with a title, an author and two tags. */
async function notes(count: number): Promise<WriteRecord[]> {
  const versions = new VersionClock(systemPorts);
  const records: WriteRecord[] = [];
  for (let index = 0; index < count; index++) {
    const data = { id: index, title: `Note ${index}`, text: `${index} lorem ipsum dolor `.repeat(45).slice(0, 900) };
    const body = new TextEncoder().encode(JSON.stringify(data));
    const { checksum, chunkHashes } = await checksumOf(body);
    const header: RecordHeader = {
      key: `notes/${String(index).padStart(7, "0")}`,
      version: versions.next(),
      size: body.length,
      storedSize: body.length,
      format: "json",
      compression: null,
      created: Date.now(),
      modified: Date.now(),
      expiration: null,
      tags: [`project-${index % 500}`, `topic-${index % 2_000}`],
      metadata: { title: data.title, author: { name: `Author ${index % 100}` }, stars: index % 6 },
      checksum,
    };
    records.push({ header, body, terms: termsOf(header), chunkHashes });
  }
  return records;
}
