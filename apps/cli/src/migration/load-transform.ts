import type { Transform } from "@holdfast/core";
import { CommandError } from "../failure.js";
import { importModule } from "../import-module.js";

const HINT = 'a module with `export const transform = (item, load) => ({ key: "new/" + item.key })`';

/** Runs a module and takes the function that it exports, as `transform` or as its default. */
export async function loadTransform(file: string): Promise<Transform> {
  const module = await importModule(file, HINT);
  const exported = module["transform"] ?? module["default"];
  if (typeof exported !== "function") {
    throw new CommandError("INVALID_OPTION", `${file} exports no function transform`, HINT);
  }
  // What it returns is checked by core, item by item.
  return exported as Transform;
}
