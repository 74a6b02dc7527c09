import { createHash, randomUUID } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { StorageError } from "@holdfast/core";
import type { AdapterEntry, FileStoreOptions, SqliteStoreOptions } from "../adapter-entry.js";
import { memoryEntry } from "../memory-entry.js";
import { formatStoreUrl, type StoreUrl } from "../store-url.js";
import { numberOption, textOption, wordOption } from "../url-values.js";
import type { Ability, BuiltIn, ChoiceNote } from "./web.js";

const ADD_COMMANDS: Readonly<Record<string, string>> = {
  pnpm: "pnpm add",
  yarn: "yarn add",
  bun: "bun add",
  deno: "deno add npm:",
};
// Most file systems take 255 bytes.
const LONGEST_NAME = 255 - ".json".length;
const NO_HOME = "the system knows no home directory of the user";
const LOCK_FILES: readonly (readonly [file: string, manager: string])[] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["deno.lock", "deno"],
  ["package-lock.json", "npm"],
];

const sqliteEntry: AdapterEntry<SqliteStoreOptions> = {
  package: "@holdfast/sqlite",
  urlOptions: ["durability", "lockTimeout", "cacheSize", "mmapSize", "secureDelete"],
  parse: parseSqliteUrl,
  load: async () => (await sqlitePackage()).sqlite,
  exists: ({ path }) => isThere(path, "sqlite"),
  locate: ({ path }) => formatStoreUrl({ scheme: "sqlite", path: resolve(path), options: {} }),
};

const fileEntry: AdapterEntry<FileStoreOptions> = {
  package: "@holdfast/filesystem",
  urlOptions: ["durability", "stateDirectory", "lockTimeout", "flushTimeout", "maxPending", "cacheSize"],
  parse: parseFileUrl,
  load: async () => (await filesystemPackage()).filesystem,
  exists: ({ root }) => isThere(root, "filesystem"),
  ofApp: async (name) => {
    if (homeOfUser() === undefined) throw new StorageError("UNSUPPORTED", `${NO_HOME}: give a store URL`);
    return { root: (await filesystemPackage()).locations(name).data };
  },
  locate: ({ root }) => formatStoreUrl({ scheme: "file", path: resolve(root), options: {} }),
};

export const builtIn: BuiltIn = { memory: memoryEntry, sqlite: sqliteEntry, file: fileEntry };

export const elsewhere: Readonly<Record<string, string>> = {
  indexeddb: "IndexedDB is in browsers; sqlite: keeps a store in a file",
};

/** In the words of the package manager that runs the program, else of the one whose lock file is nearest, else npm's. */
export function installCommand(packageName: string): string {
  // As set by package managers for what they run: "pnpm/12.18.0 npm/? node/v24.21.0 linux x64".
  const running = process.env["npm_config_user_agent"]?.split("/")[0];
  const manager = running || managerOf(process.cwd());
  const command = ADD_COMMANDS[manager] ?? "npm install";
  return command.endsWith(":") ? command + packageName : `${command} ${packageName}`;
}

/** Whether this machine has a home directory that can be written, as desktops have and functions in a cloud have not. */
export async function filesOfUser(): Promise<Ability> {
  const home = homeOfUser();
  if (home === undefined) return { able: false, because: NO_HOME };
  try {
    await access(home, constants.W_OK);
    return { able: true, because: `files can be written below ${home}` };
  } catch {
    return { able: false, because: `there is no home directory that can be written (${home})` };
  }
}

/** A file beside the app's other state, by the customs of the operating system. Undefined where the user has no place for it. */
export function noteOf(app: string): ChoiceNote | undefined {
  const state = stateHome();
  if (state === undefined) return undefined;
  const place = join(state, "holdfast", `${recordName(app)}.json`);
  return {
    place,
    async read() {
      try {
        return await readFile(place, "utf8");
      } catch (cause) {
        if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
        throw cause;
      }
    },
    async write(text) {
      const folder = dirname(place);
      await mkdir(folder, { recursive: true });
      // Of its own for each start: several may come at once, also within one process.
      const temporary = join(folder, `${randomUUID()}.tmp`);
      try {
        await writeForced(temporary, text);
        await rename(temporary, place);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
  };
}

/** Escaped, a character takes up to twelve bytes: where the name gets too long for a file, its hash stands for it, and `%~` in no other name. */
function recordName(app: string): string {
  const escaped = encodeURIComponent(app);
  return escaped.length <= LONGEST_NAME ? escaped : `%~${createHash("sha256").update(app).digest("hex")}`;
}

/** On the medium before it is renamed: after a loss of power there would be a record without content, and the app would not start. */
async function writeForced(path: string, text: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

export function warn(message: string): void {
  process.emitWarning(message, "HoldfastWarning");
}

// Optional packages, each imported in a `try`: outside of one, esbuild and webpack refuse to bundle what is not installed.

async function sqlitePackage(): Promise<typeof import("@holdfast/sqlite")> {
  try {
    return await import("@holdfast/sqlite");
  } catch (cause) {
    // biome-ignore lint/complexity/noUselessCatch: see above
    throw cause;
  }
}

async function filesystemPackage(): Promise<typeof import("@holdfast/filesystem")> {
  try {
    return await import("@holdfast/filesystem");
  } catch (cause) {
    // biome-ignore lint/complexity/noUselessCatch: see above
    throw cause;
  }
}

function stateHome(): string | undefined {
  const { env, platform } = process;
  if (platform === "win32") return env["LOCALAPPDATA"] || belowHome("AppData", "Local");
  if (platform === "darwin") return belowHome("Library", "Application Support");
  const named = env["XDG_STATE_HOME"];
  // XDG has relative paths ignored.
  return named?.startsWith("/") ? named : belowHome(".local", "state");
}

function belowHome(...names: string[]): string | undefined {
  const home = homeOfUser();
  return home === undefined ? undefined : join(home, ...names);
}

/** Undefined for a user of whom the system knows none, as in a container that is run under a number without a name. */
function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function managerOf(folder: string): string {
  const found = LOCK_FILES.find(([file]) => existsSync(join(folder, file)));
  if (found !== undefined) return found[1];
  const above = dirname(folder);
  return above === folder ? "npm" : managerOf(above);
}

function parseSqliteUrl(url: StoreUrl): SqliteStoreOptions {
  return {
    path: parsePath(url, "a file", "./app.db"),
    durability: wordOption(url, "durability", ["media", "process"]),
    lockTimeout: numberOption(url, "lockTimeout"),
    cacheSize: numberOption(url, "cacheSize"),
    mmapSize: numberOption(url, "mmapSize"),
    secureDelete: wordOption(url, "secureDelete", ["none", "data", "all"]),
  };
}

function parseFileUrl(url: StoreUrl): FileStoreOptions {
  return {
    root: parsePath(url, "a directory", "./data"),
    durability: wordOption(url, "durability", ["media", "process"]),
    stateDirectory: textOption(url, "stateDirectory"),
    lockTimeout: numberOption(url, "lockTimeout"),
    flushTimeout: numberOption(url, "flushTimeout"),
    maxPending: numberOption(url, "maxPending"),
    cacheSize: numberOption(url, "cacheSize"),
  };
}

/** The path of a URL that names something on this machine's disks. */
function parsePath({ scheme, path }: StoreUrl, what: string, example: string): string {
  if (path === "") throw invalid(`a ${scheme}: URL names ${what}, as in ${scheme}:${example}`);
  if (path.startsWith("//")) {
    throw invalid(
      `a ${scheme}: URL has no host and no "//": write ${scheme}:${example} or ${scheme}:/data${example.slice(1)}`,
    );
  }
  if (/^~(?:[/\\]|$)/.test(path)) {
    throw invalid(
      `"~" is not expanded in a ${scheme}: URL: write the path out, or ${scheme}:./~ for ${what} of that name`,
    );
  }
  return path;
}

async function isThere(path: string, adapter: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(code === "EACCES" ? "UNAUTHORIZED" : "UNAVAILABLE", `cannot look for the store: ${reason}`, {
      adapter,
      cause,
    });
  }
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message);
}
