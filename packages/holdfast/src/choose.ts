import { describeValue, loadPart, type StorageAdapter, StorageError } from "@holdfast/core";
import {
  type AdapterRegistry,
  adapterFor,
  adapterOf,
  adapterOfApp,
  cloudScheme,
  type FoundAdapter,
} from "./adapter-registry.js";
import { detectPlatform, type Platform } from "./detect-platform.js";
import type { FallbackOptions } from "./fallbacks/options.js";
import { readStoreUrl } from "./open-store.js";
import type { AppOfChoice } from "./remember-choice.js";
import type { StoreUrl } from "./store-url.js";

/** An adapter by name, with what its factory takes. */
export type ChoiceByType = {
  [Type in keyof AdapterRegistry]: { readonly type: Type } & Readonly<AdapterRegistry[Type]>;
}[keyof AdapterRegistry];

/** One store: a store URL, an adapter by name with what its factory takes, or an adapter that is made already. */
export type StoreChoice =
  | string
  | { readonly url: string | StoreUrl }
  | { readonly adapter: StorageAdapter }
  | ChoiceByType;

/** The store that fits the platform, for the app of this name. */
export interface PlatformChoice extends AppOfChoice {
  /** `auto`: by what the platform can do. */
  readonly platform: "auto" | Platform;
}

/** A store that others stand in for while it is away. */
export interface FallbackChoice extends FallbackOptions, Partial<AppOfChoice> {
  /** Where data belongs. */
  readonly primary: StoreChoice;
  /** In the order in which they take over. */
  readonly fallbacks: readonly StoreChoice[];
}

/** A store of an app's that is recorded, so that a later start does not open another one unnoticed. */
export type NamedChoice = AppOfChoice & ({ readonly url: string | StoreUrl } | { readonly adapter: StorageAdapter });

/** Everything that `createStorage` takes. */
export type StorageChoice = StoreChoice | PlatformChoice | FallbackChoice | NamedChoice;

/** What was chosen, not open yet. */
export interface Chosen {
  readonly adapter: StorageAdapter;
  /** For `getInfo`. */
  readonly details: Readonly<Record<string, string>>;
  readonly location: string | undefined;
  /** Whose choice is to be recorded. */
  readonly app: AppOfChoice | undefined;
}

const PLATFORMS: Readonly<Record<Exclude<Platform, "cloud">, string>> = {
  desktop: "file",
  browser: "indexeddb",
  test: "memory",
};

/** Finds and makes the adapter of a choice. Throws INVALID_OPTION, UNSUPPORTED. */
export async function choose(choice: StorageChoice): Promise<Chosen> {
  const given: unknown = choice;
  if (typeof choice === "string") return chosen(await storeOf(choice), "its URL was given");
  if (typeof given !== "object" || given === null) throw wrongChoice();
  if ("type" in choice) return chosen(await storeOf(choice), "its type was given");
  if ("platform" in choice) return choosePlatform(choice);
  if ("primary" in choice) return chooseFallbacks(choice);
  // Both have been looked at above.
  const { name, movedFrom, ...rest } = choice as NamedChoice;
  if (Object.keys(rest).length !== 1) throw wrongChoice();
  const because = "url" in rest ? "its URL was given" : "the adapter was given";
  return chosen(await storeOf(rest), because, {}, appOf(name, movedFrom));
}

async function choosePlatform(choice: PlatformChoice): Promise<Chosen> {
  const { platform, name, movedFrom, ...rest } = choice;
  if (Object.keys(rest).length > 0) {
    throw invalid(`beside platform there are name and movedFrom, not ${Object.keys(rest).join(", ")}`);
  }
  const app = appOf(name, movedFrom);
  if (app === undefined) throw invalid(`with platform goes the app's name, as in { platform: "auto", name: "my-app" }`);
  if (platform === "auto") {
    const { platform: detected, because } = await detectPlatform();
    const scheme = detected === undefined ? "memory" : schemeOf(detected);
    const found = await adapterOfApp(scheme, name);
    return chosen(found, because, { platform: detected ?? "none" }, app);
  }
  const found = await adapterOfApp(schemeOf(platform), name);
  const because = `the platform ${platform} was named`;
  // A test's store is gone with it: there is nothing that could seem gone.
  return chosen(found, because, { platform }, platform === "test" ? undefined : app);
}

async function chooseFallbacks(choice: FallbackChoice): Promise<Chosen> {
  const { primary, fallbacks, name, movedFrom, ...options } = choice;
  if (!Array.isArray(fallbacks)) throw invalid("fallbacks is an array of stores");
  const [first, ...others] = await Promise.all([primary, ...fallbacks].map((store: StoreChoice) => storeOf(store)));
  if (first === undefined) throw wrongChoice();
  const { FALLBACK_OPTIONS, fallbackAdapter } = await loadPart(
    () => import("./fallbacks/fallback-adapter.js"),
    "holdfast",
  );
  const unknown = Object.keys(options).find((option) => !FALLBACK_OPTIONS.includes(option));
  if (unknown !== undefined) {
    const known = ["name", "movedFrom", ...FALLBACK_OPTIONS].join(", ");
    throw invalid(`there is no ${JSON.stringify(unknown)} beside primary and fallbacks; there are ${known}`);
  }
  const adapter = fallbackAdapter(
    first.adapter,
    others.map((other) => other.adapter),
    options,
  );
  const because = `it was named primary, with ${others.map(({ scheme }) => scheme).join(", ")} to stand in`;
  return chosen({ ...first, adapter }, because, {}, appOf(name, movedFrom));
}

async function storeOf(choice: StoreChoice): Promise<FoundAdapter> {
  if (typeof choice === "string") return adapterFor(readStoreUrl(choice));
  const given: unknown = choice;
  if (typeof given !== "object" || given === null) throw wrongChoice();
  if ("type" in choice) {
    const { type, ...options } = choice;
    return adapterOf(type, options);
  }
  if (Object.keys(choice).length !== 1) throw wrongChoice();
  if ("url" in choice) return adapterFor(readStoreUrl(choice.url));
  if ("adapter" in choice) return { scheme: choice.adapter?.name ?? "", adapter: choice.adapter, location: undefined };
  throw wrongChoice();
}

function schemeOf(platform: Platform): string {
  if (platform === "cloud") {
    const scheme = cloudScheme();
    if (scheme !== undefined) return scheme;
    throw new StorageError(
      "UNSUPPORTED",
      'no cloud adapter is known here: call register() with one before, as in register("supabase", supabaseEntry)',
    );
  }
  const isNamed = typeof platform === "string" && Object.hasOwn(PLATFORMS, platform);
  const scheme = isNamed ? PLATFORMS[platform] : undefined;
  if (scheme !== undefined) return scheme;
  throw invalid(`platform is "auto", "desktop", "browser", "cloud" or "test", not ${describeValue(platform)}`);
}

function chosen(
  { scheme, adapter, location }: FoundAdapter,
  because: string,
  more: Readonly<Record<string, string>> = {},
  app?: AppOfChoice,
): Chosen {
  return { adapter, location, app, details: { chosen: scheme, because, ...more } };
}

function appOf(name: string | undefined, movedFrom: string | undefined): AppOfChoice | undefined {
  if (name === undefined) {
    if (movedFrom !== undefined) throw invalid("movedFrom goes with the app's name");
    return undefined;
  }
  // What names a directory on every platform.
  if (typeof name !== "string" || !/^[^\p{Cc}\p{Cs}<>:"/\\|?*]{1,100}$/u.test(name) || /^\.{1,2}$|[. ]$/.test(name)) {
    throw invalid(
      `${describeValue(name)} cannot name an app: a name is what can name a directory, of at most 100 characters`,
    );
  }
  if (movedFrom !== undefined && typeof movedFrom !== "string")
    throw invalid("movedFrom is the store URL that was recorded");
  return { name, movedFrom };
}

function wrongChoice(): StorageError {
  return invalid(
    "createStorage takes a store URL, { url }, { adapter }, { platform, name }, { primary, fallbacks }, or { type } with what that adapter takes",
  );
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message);
}
