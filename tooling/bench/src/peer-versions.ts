import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

const packageFolder = join(import.meta.dirname, "..");

/** Of every package from outside that takes part, and of the SQLite inside better-sqlite3. */
export function peerVersions(): Record<string, string> {
  const { dependencies } = readManifest(packageFolder);
  const peers = Object.keys(dependencies ?? {}).filter((name) => !name.startsWith("@holdfast/"));
  const versions = peers.map((name) => [name, readManifest(join(packageFolder, "node_modules", name)).version]);
  return { ...Object.fromEntries(versions), SQLite: sqliteVersion() };
}

function readManifest(folder: string): { version: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function sqliteVersion(): string {
  const database = new Database(":memory:");
  const version = database.prepare<[], string>("SELECT sqlite_version()").pluck().get();
  database.close();
  return version ?? "unknown";
}
