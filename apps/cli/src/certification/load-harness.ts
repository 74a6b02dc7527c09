import type { Harness } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";
import { CommandError } from "../failure.js";
import { importModule } from "../import-module.js";
import { type CreateAdapter, directoryHarness } from "./directory-harness.js";

const HINT = "a module with `export default ({ directory }) => adapter`, or with a harness as `export const harness`";

/** Runs a module and takes what it exports: a harness, as `harness` or as its default, or a function that makes adapters. */
export async function loadHarness(file: string): Promise<Harness> {
  const exported = await exportOf(file);
  return isHarness(exported) ? exported : directoryHarness(file, await loadAdapter(file));
}

/** Runs a module and takes the function that it exports as its default. */
export async function loadAdapter(file: string): Promise<CreateAdapter> {
  const create = await exportOf(file);
  if (typeof create !== "function") {
    throw new CommandError("INVALID_OPTION", `${file} exports neither a harness nor what makes an adapter`, HINT);
  }
  return (place) => {
    const made: unknown = create(place);
    if (!isAdapter(made)) throw new CommandError("INVALID_OPTION", `what ${file} makes is no adapter`, HINT);
    return made;
  };
}

async function exportOf(file: string): Promise<unknown> {
  const module = await importModule(file, HINT);
  return module["harness"] ?? module["default"];
}

function isHarness(exported: unknown): exported is Harness {
  return typeof exported === "object" && exported !== null && "open" in exported && typeof exported.open === "function";
}

function isAdapter(made: unknown): made is StorageAdapter {
  // What else is wrong with it is for the suite to find, by the name of the promise.
  return typeof made === "object" && made !== null && "spi" in made && "capabilities" in made && "open" in made;
}
