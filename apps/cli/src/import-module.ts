import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CommandError } from "./failure.js";

/** Runs a module that was named on the command line. `hint`: what it should be. */
export async function importModule(file: string, hint: string): Promise<{ [name: string]: unknown }> {
  const path = resolve(file);
  if (!existsSync(path)) throw new CommandError("NOT_FOUND", `there is no module ${file}`, "another path");
  try {
    return (await import(pathToFileURL(path).href)) as { [name: string]: unknown };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new CommandError("INVALID_OPTION", `${file} cannot be loaded: ${reason}`, hint), { cause });
  }
}
