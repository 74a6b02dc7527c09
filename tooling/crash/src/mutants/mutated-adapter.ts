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

/** A copy of the built adapter with one thing changed. Throws when what it changes is not there exactly once. */
export async function mutatedAdapter({ name, file, edits }: Mutant): Promise<MutatedAdapter> {
  const copy = join(copies, `${process.pid}-${name.replaceAll(/[^a-z0-9]+/gi, "-")}`);
  mkdirSync(copies, { recursive: true });
  cpSync(original, copy, { recursive: true });
  const remove = () => rmSync(copy, { recursive: true, force: true });
  const path = join(copy, file);
  let source = readFileSync(path, "utf8");
  for (const { find, replace } of edits) {
    const parts = source.split(find);
    if (parts.length !== 2) {
      remove();
      throw new Error(`mutant "${name}": ${file} has ${parts.length - 1} times what it changes: ${find}`);
    }
    source = parts.join(replace);
  }
  writeFileSync(path, source);
  const loaded: { filesystemOn: typeof filesystemOn } = await import(pathToFileURL(join(copy, "port.js")).href);
  return { adapter: loaded.filesystemOn, remove };
}
