import { isDeepStrictEqual } from "node:util";
import type { ProgressView } from "@holdfast/cli/terminal";
import { createMigrator, type StorageEngine, StorageError } from "holdfast";
import type { CorpusItem, CorpusPart } from "./corpus.js";
import type { StepResult } from "./results.js";

export interface StepTools {
  progress: ProgressView;
  signal: AbortSignal;
}

// A store that commits together what arrives together needs several at once.
const CONCURRENCY = 16;

/** Saves a part of the corpus and reads it back. */
export async function importPart(storage: StorageEngine, part: CorpusPart, tools: StepTools): Promise<StepResult> {
  const { progress, signal } = tools;
  const started = performance.now();
  let items = 0;
  let bytes = 0;
  const tell = () => progress.update({ phase: `import ${part.name}`, items, totalItems: part.items.length, bytes });
  tell();
  await each(part.items, async ({ key, data, tags, metadata }) => {
    const { size } = await storage.save(key, data, { tags, metadata, signal });
    bytes += size;
    items++;
    tell();
  });
  const verified = await countEqual(storage, part.items, signal);
  progress.end();
  const milliseconds = performance.now() - started;
  return { step: `import ${part.name}`, items: part.items.length, bytes, milliseconds, verified };
}

/** Moves everything on; the migrator itself reads everything back. */
export async function migrate(
  step: string,
  from: StorageEngine,
  to: StorageEngine,
  { progress, signal }: StepTools,
): Promise<StepResult> {
  const report = await createMigrator(from, to).migrate({ signal, progress: (state) => progress.update(state) });
  progress.end();
  const { planned, bytes, verified, milliseconds } = report;
  return { step, items: planned.items, bytes, milliseconds, verified };
}

/** Holds what a store has against the corpus itself, item by item. */
export async function compare(
  storage: StorageEngine,
  items: readonly CorpusItem[],
  tools: StepTools,
): Promise<StepResult> {
  const started = performance.now();
  const { bytes } = await storage.getInfo({ signal: tools.signal });
  const verified = await countEqual(storage, items, tools.signal);
  const milliseconds = performance.now() - started;
  return { step: "compare the end with the source", items: items.length, bytes, milliseconds, verified };
}

async function countEqual(storage: StorageEngine, items: readonly CorpusItem[], signal: AbortSignal): Promise<number> {
  let equal = 0;
  await each(items, async (item) => {
    if (await isEqual(storage, item, signal)) equal++;
  });
  return equal;
}

async function isEqual(storage: StorageEngine, item: CorpusItem, signal: AbortSignal): Promise<boolean> {
  const { key, data, tags, metadata } = item;
  try {
    const header = await storage.stat(key, { signal });
    const found = { data: await storage.load(key, { signal }), tags: header?.tags, metadata: header?.metadata };
    return isDeepStrictEqual(found, { data, tags, metadata });
  } catch (error) {
    // What the table is to tell: not equal, and the other items still count.
    if (StorageError.is(error, "CORRUPT")) return false;
    throw error;
  }
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
