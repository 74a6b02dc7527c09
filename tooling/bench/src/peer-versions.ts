import { readFileSync } from "node:fs";
import { join } from "node:path";
import { launchBrowser } from "@holdfast/browser/launch";
import Database from "better-sqlite3";

const packageFolder = join(import.meta.dirname, "..");

/** Of every package from outside that takes part, of the SQLite inside better-sqlite3, and of the browser. */
export async function peerVersions(): Promise<Record<string, string>> {
  const { dependencies } = readManifest(packageFolder);
  const peers = Object.keys(dependencies ?? {}).filter((name) => !name.startsWith("@holdfast/"));
  const versions = peers.map((name) => [name, readManifest(join(packageFolder, "node_modules", name)).version]);
  return { ...Object.fromEntries(versions), SQLite: sqliteVersion(), ...(await browserVersion()) };
}

async function browserVersion(): Promise<Record<string, string>> {
  const browser = await launchBrowser();
  const version = { [browser.browserType().name()]: browser.version() };
  await browser.close();
  return version;
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
