import { openStorage, type StorageEngine } from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";
import { memory } from "@holdfast/memory";
import { sqlite } from "@holdfast/sqlite";
import type { Document } from "../data/documents.ts";
import type { ContenderFacts } from "../harness/contender.ts";

export const holdfastFacts = {
  id: "holdfast",
  name: "Holdfast, sqlite()",
  role: "ours",
} satisfies Partial<ContenderFacts>;

export function openHoldfast(file: string, durability: "media" | "process" = "media"): Promise<StorageEngine> {
  return openStorage(sqlite({ path: file, durability }));
}

/** Files as people read them, and nobody else who changes them. */
export function openHoldfastFiles(root: string): Promise<StorageEngine> {
  // Long enough to mirror a population in one go.
  return openStorage(filesystem({ root, flushTimeout: 20 * 60 * 1_000 }), { closeTimeout: 20 * 60 * 1_000 });
}

export function openHoldfastMemory(): Promise<StorageEngine> {
  return openStorage(memory());
}

/** With tags and metadata. */
export function saveDocument(storage: StorageEngine, { key, data, tags, metadata }: Document): Promise<unknown> {
  return storage.save(key, data, { tags, metadata });
}
