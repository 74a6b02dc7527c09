import { isDeepStrictEqual } from "node:util";
import type { StorageEngine } from "@holdfast/core";
import type { Value } from "./workload/plan.ts";
import { dataOf } from "./workload/values.ts";

/** Something that was never saved under its key, in words. */
interface Stranger {
  readonly words: string;
}

/** What stands under a key; undefined: nothing. */
export type Found = Value | Stranger | undefined;

export type Standing = ReadonlyMap<string, Found>;

/** By their keys, the values that may stand there. */
export type Saved = ReadonlyMap<string, readonly Value[]>;

/** Loads what stands under each key, and tells which of the values it is. */
export async function lookUp(storage: StorageEngine, saved: Saved): Promise<Standing> {
  const standing = new Map<string, Found>();
  for (const [key, values] of saved) {
    const data = await storage.load(key);
    if (data !== undefined) standing.set(key, values.find((value) => holds(value, data)) ?? { words: describe(data) });
  }
  return standing;
}

export function isSame(found: Found, value: Value | undefined): boolean {
  if (found === undefined || value === undefined) return found === value;
  return "mark" in found && found.mark === value.mark;
}

export function tellFound(found: Found): string {
  if (found === undefined) return "nothing";
  return "words" in found ? found.words : `${found.mark} (${found.format}, ${found.length})`;
}

const made = new WeakMap<Value, unknown>();

function holds(value: Value, found: unknown): boolean {
  const data = made.get(value) ?? dataOf(value);
  made.set(value, data);
  if (data instanceof Uint8Array) return found instanceof Uint8Array && Buffer.compare(data, found) === 0;
  return isDeepStrictEqual(data, found);
}

function describe(found: unknown): string {
  if (found instanceof Uint8Array)
    return `${found.byteLength} bytes, ${JSON.stringify(Buffer.from(found.subarray(0, 16)).toString("latin1"))}…`;
  return JSON.stringify(found).slice(0, 80);
}
