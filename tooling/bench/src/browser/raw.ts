import { termsOf } from "@holdfast/core";
import type { Document } from "../data/documents.ts";

/** A document, whose metadata may be left out. */
export type Saved = Omit<Document, "metadata"> & { readonly metadata: Document["metadata"] | Record<string, never> };

export interface RawRecord {
  readonly key: string;
  readonly row: { readonly h: string; readonly b: Uint8Array; readonly t?: readonly string[] };
}

const encoder = new TextEncoder();
const CHECKSUM = "5".repeat(64);

/** What Holdfast would write of a document: its header as JSON, its body as bytes. Version and checksum are given. */
export function rawRecord({ key, data, tags, metadata }: Saved, indexed: boolean): RawRecord {
  const body = encoder.encode(JSON.stringify(data));
  const now = Date.now();
  const header = JSON.stringify({
    key,
    version: "019ab0000000-0000-000000000000",
    size: body.length,
    storedSize: body.length,
    format: "json",
    compression: null,
    created: now,
    modified: now,
    expiration: null,
    tags,
    metadata,
    checksum: CHECKSUM,
  });
  if (!indexed) return { key, row: { h: header, b: body } };
  const found = [...tags.map((tag) => `#${tag}`), ...termsOf({ key, tags, metadata }).map((term) => `=${term}`)];
  return { key, row: { h: header, b: body, t: found } };
}

export function openRaw(name: string, indexed: boolean): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    const store = opening.result.createObjectStore("records");
    if (indexed) store.createIndex("found", "t", { multiEntry: true });
  };
  return answered(opening);
}

export function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
