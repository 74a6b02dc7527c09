import { type Collection, type StorageEngine, StorageError } from "@holdfast/core";
import { CommandError } from "../failure.js";
import { importModule } from "../import-module.js";

type Options = Parameters<StorageEngine["collection"]>[1];
type Notice = Parameters<NonNullable<Options["onDeprecated"]>>[0];

const HINT = "a module with `export const collections = { notes: { schema, version, migrations } }`";

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
  const module = await importModule(file, HINT);
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

function wrongModule(message: string): CommandError {
  return new CommandError("INVALID_OPTION", message, HINT);
}
