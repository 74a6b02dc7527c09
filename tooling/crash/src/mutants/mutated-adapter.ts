import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { filesystemOn } from "@holdfast/filesystem/port";
import type { Mutant } from "./mutant.ts";

const original = fileURLToPath(new URL("../../../../packages/filesystem/dist", import.meta.url));
// Inside of this package, so that what the adapter imports is found.
const copies = fileURLToPath(new URL("../../.mutants", import.meta.url));

export interface MutatedAdapter {
  readonly adapter: typeof filesystemOn;
  remove(): void;
}

/** A copy of the built adapter with one place changed. Throws when that place is not there exactly once. */
export async function mutatedAdapter({ name, file, find, replace }: Mutant): Promise<MutatedAdapter> {
  const copy = join(copies, `${process.pid}-${name.replaceAll(/[^a-z0-9]+/gi, "-")}`);
  mkdirSync(copies, { recursive: true });
  cpSync(original, copy, { recursive: true });
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  const parts = source.split(find);
  if (parts.length !== 2) {
    rmSync(copy, { recursive: true });
    throw new Error(`mutant "${name}": ${file} has ${parts.length - 1} times what it changes: ${find}`);
  }
  writeFileSync(path, parts.join(replace));
  const loaded: { filesystemOn: typeof filesystemOn } = await import(pathToFileURL(join(copy, "port.js")).href);
  return { adapter: loaded.filesystemOn, remove: () => rmSync(copy, { recursive: true }) };
}
