import type { SaveOptions, StorageEngine, StorageItem } from "@holdfast/core";
import { splitMark } from "../schema/split-mark.js";

/** Judged by the app's own schema when the value was first saved, and again when the app reads it. */
const ANY = { "~standard": { version: 1, vendor: "holdfast", validate: (value: unknown) => ({ value }) } } as const;

/** Saves values so that they belong to the collection and version that `schema` names. */
export type SaveMarked = (value: unknown, options: SaveOptions) => Promise<StorageItem>;

/**
 * Undefined where no collection of that name could hold the key: there the mark would mean nothing. What the app indexes is not
 * known here; core takes such an item for one that was written under another index, which is found and brought up to date like it.
 */
export function marking(storage: StorageEngine, key: string, schema: string): SaveMarked | undefined {
  const { name, version } = splitMark(schema);
  const start = `/${key}`.indexOf(`/${name}/`);
  if (start < 0) return undefined;
  const around = start === 0 ? storage : storage.namespace(key.slice(0, start - 1));
  const collection = around.collection(name, { schema: ANY, version });
  const id = key.slice(start + name.length + 1);
  return (value, options) => collection.save(id, value, options);
}
