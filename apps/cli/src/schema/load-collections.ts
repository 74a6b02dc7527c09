import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Collection, type StorageEngine, StorageError } from "@holdfast/core";
import { CommandError } from "../failure.js";

type Options = Parameters<StorageEngine["collection"]>[1];
type Notice = Parameters<NonNullable<Options["onDeprecated"]>>[0];

/** The collections of an app: what `storage.collection` takes, by name. */
export interface AppCollections {
  /** As it was named on the command line. */
  readonly file: string;
  readonly options: ReadonlyMap<string, unknown>;
}

/**
 * Runs a module of the app and takes the collections that it exports, as `collections` or as its default: an object with what
 * `storage.collection` takes under each name.
 */
export async function loadCollections(file: string): Promise<AppCollections> {
  const module = await importModule(file);
  const exported = module["collections"] ?? module["default"];
  if (typeof exported !== "object" || exported === null || Array.isArray(exported)) {
    throw wrongModule(`${file} exports no collections`);
  }
  const options = new Map<string, unknown>(Object.entries(exported));
  if (options.size === 0) throw wrongModule(`the collections that ${file} exports are none`);
  return { file, options };
}

/** Opens one of them; core checks what stands there, before anything is read or written. Deprecations go to `onDeprecated`, whatever the app does with them. */
export async function openCollection(
  storage: StorageEngine,
  { file, options }: AppCollections,
  name: string,
  onDeprecated: (notice: Notice) => void,
): Promise<Collection<unknown, unknown>> {
  const given = options.get(name);
  const isObject = typeof given === "object" && given !== null;
  try {
    const collection = storage.collection(name, (isObject ? { ...given, onDeprecated } : given) as Options);
    // The first call is what checks a definition. This one asks the backend for nothing.
    await collection.list("", { limit: 0 });
    return collection;
  } catch (error) {
    throw StorageError.is(error) ? wrongModule(`${JSON.stringify(name)} in ${file}: ${error.message}`) : error;
  }
}

async function importModule(file: string): Promise<{ [name: string]: unknown }> {
  const path = resolve(file);
  if (!existsSync(path)) throw new CommandError("NOT_FOUND", `there is no module ${file}`, "another path");
  try {
    return (await import(pathToFileURL(path).href)) as { [name: string]: unknown };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(wrongModule(`${file} cannot be loaded: ${reason}`), { cause });
  }
}

function wrongModule(message: string): CommandError {
  const hint = "a module with `export const collections = { notes: { schema, version, migrations } }`";
  return new CommandError("INVALID_OPTION", message, hint);
}
