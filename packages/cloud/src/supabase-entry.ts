import { loadPart, type StorageAdapter, StorageError } from "@holdfast/core";
import type { ProjectCheck } from "./check-project.js";
import type { SupabaseStoreOptions } from "./supabase-store-options.js";

/** A store URL taken apart, as the package holdfast does it. */
export interface StoreUrlParts {
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
}

/** What `register` of the package holdfast takes for a kind of store. */
export interface SupabaseEntry {
  readonly package: string;
  readonly urlOptions: readonly string[];
  parse(url: StoreUrlParts): SupabaseStoreOptions;
  load(): Promise<(options: SupabaseStoreOptions) => StorageAdapter>;
  readonly platform: "cloud";
  ofApp(name: string): SupabaseStoreOptions;
  locate(options: SupabaseStoreOptions): string;
}

/**
 * Lets `supabase:` URLs name stores: `supabase:?owner=<user id>`, `supabase:my-app?owner=<user id>`; and has the factory choose the
 * store of an app's name where `platform` is `cloud`, or is found to be. Project and key are read from `SUPABASE_URL` and `SUPABASE_KEY`
 * in the environment: a URL stands in logs and histories, and takes no secret. The owner who is not named is that of `SUPABASE_OWNER`.
 *
 * @example
 * import { type SupabaseStoreOptions, supabaseEntry } from "@holdfast/cloud";
 * import { createStorage, register } from "holdfast";
 *
 * declare module "holdfast" {
 *   interface AdapterRegistry {
 *     supabase: SupabaseStoreOptions;
 *   }
 * }
 *
 * register("supabase", supabaseEntry);
 * const theirs = await createStorage(`supabase:my-app?owner=${user}`);
 * const own = await createStorage({ platform: "cloud", name: "my-app" });
 */
export const supabaseEntry: SupabaseEntry = {
  package: "@holdfast/cloud",
  urlOptions: ["owner"],
  parse({ path, options }) {
    return {
      url: urlFromEnvironment(),
      key: keyFromEnvironment(),
      store: path === "" ? undefined : path,
      owner: options["owner"] ?? environment("SUPABASE_OWNER"),
    };
  },
  load: async () => (await loadPart(() => import("./open-project.js"), "@holdfast/cloud")).openProject,
  platform: "cloud",
  ofApp: (name) => supabaseEntry.parse({ path: name, options: {} }),
  // The owner is part of the place. The project is the environment's, as it is wherever the URL is opened.
  locate: ({ store = "", owner }) => `supabase:${inUrl(store)}${owner === undefined ? "" : `?owner=${owner}`}`,
};

/** Looks whether the project of the environment has what the adapter needs; see `checkProject`. */
export async function checkEnvironment(): Promise<ProjectCheck[]> {
  const { url, key } = supabaseEntry.parse({ path: "", options: {} });
  const [{ checkProject }, { connectProject }] = await Promise.all([
    import("./check-project.js"),
    import("./open-project.js"),
  ]);
  return checkProject(connectProject({ url, key }));
}

/** No error quotes it: it may be a connection string with a password, or the key in the wrong variable. */
function urlFromEnvironment(): string {
  const url = fromEnvironment("SUPABASE_URL").trim();
  const { protocol, username, password } = URL.canParse(url)
    ? new URL(url)
    : { protocol: "", username: "", password: "" };
  if (/^https?:$/.test(protocol) && username === "" && password === "") return url;
  throw new StorageError(
    "INVALID_OPTION",
    "SUPABASE_URL is no address of a project: it is like https://my-project.supabase.co, without a name or password in it; copy it anew from the project",
    { adapter: "cloud" },
  );
}

/** A key becomes a header, and what refuses a header quotes it. */
function keyFromEnvironment(): string {
  const key = fromEnvironment("SUPABASE_KEY").trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new StorageError(
    "INVALID_OPTION",
    "SUPABASE_KEY is no key: it has a line break, a space or another character that no key has; copy it anew from the project",
    { adapter: "cloud" },
  );
}

/** As `formatStoreUrl` writes a path. */
function inUrl(store: string): string {
  return store.replace(/[%?\p{Zl}\p{Zp} ]/gu, encodeURIComponent);
}

function fromEnvironment(name: string): string {
  const value = environment(name);
  if (value !== undefined) return value;
  throw new StorageError(
    "INVALID_OPTION",
    `a supabase: store takes the project from the environment: SUPABASE_URL and SUPABASE_KEY, of which ${name} is not set`,
    { adapter: "cloud" },
  );
}

/** Undefined also where there is no environment, and for an empty value. */
function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}
