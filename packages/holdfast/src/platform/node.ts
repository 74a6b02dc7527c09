import { stat } from "node:fs/promises";
import { StorageError } from "@holdfast/core";
import type { AdapterEntry, FileStoreOptions, SqliteStoreOptions } from "../adapter-entry.js";
import { memoryEntry } from "../memory-entry.js";
import type { StoreUrl } from "../store-url.js";
import { numberOption, textOption, wordOption } from "../url-values.js";
import type { BuiltIn } from "./web.js";

const ADD_COMMANDS: Readonly<Record<string, string>> = { pnpm: "pnpm add", yarn: "yarn add", bun: "bun add" };

const sqliteEntry: AdapterEntry<SqliteStoreOptions> = {
  package: "@holdfast/sqlite",
  urlOptions: ["durability", "lockTimeout", "cacheSize", "mmapSize", "secureDelete"],
  parse: parseSqliteUrl,
  load: async () => (await import("@holdfast/sqlite")).sqlite,
  exists: ({ path }) => isThere(path, "sqlite"),
};

const fileEntry: AdapterEntry<FileStoreOptions> = {
  package: "@holdfast/filesystem",
  urlOptions: ["durability", "stateDirectory", "lockTimeout", "flushTimeout", "maxPending", "cacheSize"],
  parse: parseFileUrl,
  load: async () => (await import("@holdfast/filesystem")).filesystem,
  exists: ({ root }) => isThere(root, "filesystem"),
};

export const builtIn: BuiltIn = { memory: memoryEntry, sqlite: sqliteEntry, file: fileEntry };

export const elsewhere: Readonly<Record<string, string>> = {
  indexeddb: "IndexedDB is in browsers; sqlite: keeps a store in a file",
};

/** In the words of the package manager that runs the program, else npm's. */
export function installCommand(packageName: string): string {
  // As set by package managers for what they run: "pnpm/12.18.0 npm/? node/v24.21.0 linux x64".
  const manager = process.env["npm_config_user_agent"]?.split("/")[0] ?? "npm";
  return `${ADD_COMMANDS[manager] ?? "npm install"} ${packageName}`;
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
