import type { Document } from "../data/documents.ts";
import type { Durability } from "../harness/contender.ts";

/** Another storage library, as far as the workloads use it. Each keeps the document's data under its key, and nothing else. */
export interface Store {
  readonly id: string;
  readonly name: string;
  /** Of a save that has resolved. */
  readonly durability: Durability;
  readonly note: string;
  save(document: Document): Promise<unknown>;
  load(key: string): Promise<unknown>;
  /** The first entries whose key starts with `prefix`, where the library can do that without looking at every key. */
  list?(prefix: string, limit: number): Promise<readonly unknown[]>;
  /** Saves many by the library's fastest way. */
  fill(documents: readonly Document[]): Promise<void>;
  close(): Promise<void>;
}
