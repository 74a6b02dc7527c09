import { openStorage, type StorageEngine } from "@holdfast/core";
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

export function openHoldfastMemory(): Promise<StorageEngine> {
  return openStorage(memory());
}

/** With tags and metadata. */
export function saveDocument(storage: StorageEngine, { key, data, tags, metadata }: Document): Promise<unknown> {
  return storage.save(key, data, { tags, metadata });
}
