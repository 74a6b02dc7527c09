import { describeValue, type StorageAdapter, StorageError } from "@holdfast/core";
import type { IndexedDbOptions } from "@holdfast/indexeddb";
import type { MemoryOptions } from "@holdfast/memory";
import { builtIn, elsewhere, installCommand } from "#platform";
import type { AdapterEntry, FileStoreOptions, SqliteStoreOptions } from "./adapter-entry.js";
import type { StoreUrl } from "./store-url.js";

/**
 * The adapters that can be chosen by name, each with what its factory takes. A package that joins adds itself:
 *
 * @example
 * declare module "holdfast" {
 *   interface AdapterRegistry {
 *     acme: { bucket: string };
 *   }
 * }
 */
export interface AdapterRegistry {
  memory: MemoryOptions;
  sqlite: SqliteStoreOptions;
  file: FileStoreOptions;
  indexeddb: IndexedDbOptions;
}

/** Whether an adapter can be used here. */
export interface AdapterStatus {
  /** As in store URLs and as `type`. */
  scheme: string;
  /** The name under which it is installed. */
  package: string;
  /** Whether its package can be loaded here and now. */
  available: boolean;
  /** Why not, and what to do. */
  reason?: string;
}

// Adapters join for the whole program, as packages are installed for the whole program.
const joined = new Map<string, AdapterEntry<unknown>>();

/**
 * Lets an adapter join: from then on `openStore` and `createStorage` know its scheme.
 *
 * @example
 * register("acme", {
 *   package: "@acme/holdfast",
 *   urlOptions: [],
 *   parse: ({ path }) => ({ bucket: path }),
 *   load: async () => (await import("@acme/holdfast")).acme,
 * });
 *
 * @throws INVALID_OPTION when another package has the scheme.
 */
export function register<Scheme extends Exclude<keyof AdapterRegistry, "memory" | "sqlite" | "file" | "indexeddb">>(
  scheme: Scheme,
  entry: AdapterEntry<AdapterRegistry[Scheme]>,
): void {
  const name: string = scheme;
  if (typeof name !== "string" || !/^[a-z][a-z0-9+.-]+$/.test(name)) {
    throw new StorageError("INVALID_OPTION", `${describeValue(name)} is no scheme: lower-case letters, digits, + . -`);
  }
  const standing = find(name);
  // The same package may come again, as it does when a module is reloaded during development.
  if (standing !== undefined && standing.package !== entry.package) {
    throw new StorageError("INVALID_OPTION", `the scheme ${name}: belongs to ${standing.package} already`);
  }
  // An entry meets only options that its own `parse` made, or that a caller gave whom AdapterRegistry's types checked.
  joined.set(name, entry as unknown as AdapterEntry<unknown>);
}

/** Every adapter that is known here, and whether it can be loaded. */
export function listAdapters(): Promise<AdapterStatus[]> {
  return Promise.all(
    [...known()].map(async ([scheme, entry]) => {
      const status = { scheme, package: entry.package };
      try {
        await load(scheme, entry);
        return { ...status, available: true };
      } catch (error) {
        return { ...status, available: false, reason: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

/** An adapter that was found, and where its data is. */
export interface FoundAdapter {
  readonly scheme: string;
  readonly adapter: StorageAdapter;
  /** See `AdapterEntry.locate`. */
  readonly location: string | undefined;
}

/** The adapter that a URL names. */
export function adapterFor(url: StoreUrl): Promise<FoundAdapter> {
  return adapterOf(url.scheme, parse(entryFor(url.scheme), url));
}

/** The adapter of a scheme with what its factory takes. */
export async function adapterOf(scheme: string, options: unknown): Promise<FoundAdapter> {
  const entry = entryFor(scheme);
  const make = await load(scheme, entry);
  return { scheme, adapter: make(options), location: entry.locate?.(options) };
}

/** The adapter of a scheme for an app that gives no more than its name. */
export async function adapterOfApp(scheme: string, name: string): Promise<FoundAdapter> {
  const entry = entryFor(scheme);
  // First, since what the app's options are may depend on the package.
  await load(scheme, entry);
  if (entry.ofApp === undefined) {
    throw new StorageError("UNSUPPORTED", `${scheme}: cannot be chosen by an app's name alone; give a store URL`);
  }
  return adapterOf(scheme, await entry.ofApp(name));
}

/** The scheme of what was registered for the cloud, the latest first. */
export function cloudScheme(): string | undefined {
  return [...known()].findLast(([, entry]) => entry.platform === "cloud")?.[0];
}

/** Whether something is there to be opened. True for adapters whose stores need no creation. */
export async function existsAt(url: StoreUrl): Promise<boolean> {
  const entry = entryFor(url.scheme);
  const options = parse(entry, url);
  try {
    return (await entry.exists?.(options)) ?? true;
  } catch (cause) {
    if (StorageError.is(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : describeValue(cause);
    throw new StorageError("UNAVAILABLE", `cannot look for the store that ${url.scheme}: names: ${reason}`, { cause });
  }
}

function parse(entry: AdapterEntry<unknown>, url: StoreUrl): unknown {
  for (const name of Object.keys(url.options)) {
    if (entry.urlOptions.includes(name)) continue;
    const choice = entry.urlOptions.length === 0 ? "it has none" : `known are ${entry.urlOptions.join(", ")}`;
    throw new StorageError("INVALID_OPTION", `${url.scheme}: has no option ${JSON.stringify(name)}; ${choice}`);
  }
  return entry.parse(url);
}

function entryFor(scheme: string): AdapterEntry<unknown> {
  const entry = find(scheme);
  if (entry !== undefined) return entry;
  // As a type it may be anything.
  const isText = typeof scheme === "string";
  const reason = isText && Object.hasOwn(elsewhere, scheme) ? elsewhere[scheme] : undefined;
  if (reason !== undefined) throw new StorageError("UNSUPPORTED", `${scheme}: cannot be opened here: ${reason}`);
  const choice = [...known()].map(([name, each]) => `${name}: (${each.package})`).join(", ");
  const shown = isText ? `${scheme}:` : describeValue(scheme);
  throw new StorageError("INVALID_OPTION", `there is no adapter for ${shown}; known are ${choice}`);
}

async function load(scheme: string, entry: AdapterEntry<unknown>): Promise<(options: unknown) => StorageAdapter> {
  try {
    return await entry.load();
  } catch (cause) {
    if (StorageError.is(cause)) throw cause;
    const reason =
      whyMissing(cause, entry.package) ?? `cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new StorageError("UNSUPPORTED", `${scheme}: needs the package ${entry.package}, which ${reason}`, { cause });
  }
}

/** What to do when the package itself is what was not found; undefined when it is something that the package needs. */
function whyMissing(error: unknown, name: string): string | undefined {
  // What was not found is named first, then who asked for it.
  if (!(error instanceof Error && new RegExp(`^[^'"]*['"]${name}['"/]`).test(error.message))) return undefined;
  const command = `run \`${installCommand(name)}\``;
  const code = "code" in error ? error.code : undefined;
  // Node's own `import` and `require`; only the latter tells who asked.
  if (code === "ERR_MODULE_NOT_FOUND" || "requireStack" in error) return `is not installed: ${command}`;
  // What bundlers put in the place of a package that they did not find: webpack, Vite.
  const isLeftOut = code === "MODULE_NOT_FOUND" || error.message.startsWith("Could not resolve");
  return isLeftOut ? `was not installed when the app was bundled: ${command} and bundle it anew` : undefined;
}

function find(scheme: string): AdapterEntry<unknown> | undefined {
  return known().get(scheme);
}

function known(): Map<string, AdapterEntry<unknown>> {
  // As in `register`: each entry meets its own options only.
  return new Map([...Object.entries(builtIn), ...joined] as [string, AdapterEntry<unknown>][]);
}
