import { stat } from "node:fs/promises";
import { StorageError } from "@holdfast/core";
import type { AdapterEntry, SqliteStoreOptions } from "../adapter-entry.js";
import { memoryEntry } from "../memory-entry.js";
import type { StoreUrl } from "../store-url.js";
import { numberOption, wordOption } from "../url-values.js";
import type { BuiltIn } from "./web.js";

const ADD_COMMANDS: Readonly<Record<string, string>> = { pnpm: "pnpm add", yarn: "yarn add", bun: "bun add" };

const sqliteEntry: AdapterEntry<SqliteStoreOptions> = {
  package: "@holdfast/sqlite",
  urlOptions: ["durability", "lockTimeout", "cacheSize", "mmapSize", "secureDelete"],
  parse: parseSqliteUrl,
  load: async () => (await import("@holdfast/sqlite")).sqlite,
  exists: ({ path }) => fileExists(path),
};

export const builtIn: BuiltIn = { memory: memoryEntry, sqlite: sqliteEntry };

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
  const { path } = url;
  if (path === "") throw invalid("a sqlite: URL names a file, as in sqlite:./app.db");
  if (path.startsWith("//")) {
    throw invalid(`a sqlite: URL has no host and no "//": write sqlite:./app.db or sqlite:/data/app.db`);
  }
  if (/^~(?:[/\\]|$)/.test(path)) {
    throw invalid(`"~" is not expanded in a sqlite: URL: write the path out, or sqlite:./~ for a file of that name`);
  }
  return {
    path,
    durability: wordOption(url, "durability", ["media", "process"]),
    lockTimeout: numberOption(url, "lockTimeout"),
    cacheSize: numberOption(url, "cacheSize"),
    mmapSize: numberOption(url, "mmapSize"),
    secureDelete: wordOption(url, "secureDelete", ["none", "data", "all"]),
  };
}

async function fileExists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(code === "EACCES" ? "UNAUTHORIZED" : "UNAVAILABLE", `cannot look for the store: ${reason}`, {
      adapter: "sqlite",
      cause,
    });
  }
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message);
}
