import { join } from "node:path";
import type { Style } from "@holdfast/cli/terminal";
import { formatStoreUrl, openStore, type StorageEngine } from "holdfast";
import { showFiles } from "./readable-files.js";

/** A store that the corpus passes through. */
export interface Stop {
  name: string;
  /** `folder` is the demo's own. */
  open(folder: string): Promise<StorageEngine>;
  /** Why it cannot be had on this machine; undefined when it can. Absent where it always can. */
  missing?(): Promise<string | undefined>;
  /** Prints what there is to see of it, once everything has arrived. */
  show?(folder: string, style: Style, print: (line: string) => void): Promise<void>;
}

/** The corpus is imported into the first and migrated from each to the next. */
export const ROUTE: readonly Stop[] = [
  { name: "SQLite", open: (folder) => openStore(sqliteIn(folder, "first.db")) },
  { name: "readable files", open: openFiles, show: (folder, ...rest) => showFiles(join(folder, "files"), ...rest) },
  { name: "memory", open: () => openStore("memory:") },
  { name: "IndexedDB in a browser", open: openInBrowser, missing: whyNoBrowser },
  { name: "second SQLite", open: (folder) => openStore(sqliteIn(folder, "second.db")) },
  { name: "embedded Supabase", open: openInCloud },
  { name: "third SQLite", open: (folder) => openStore(sqliteIn(folder, "third.db")) },
];

/** Those that can be had here; `leftOut` is told of the others. */
export async function reachable(
  route: readonly Stop[],
  leftOut: (stop: Stop, reason: string) => void,
): Promise<Stop[]> {
  const stops: Stop[] = [];
  for (const stop of route) {
    const reason = await stop.missing?.();
    if (reason === undefined) stops.push(stop);
    else leftOut(stop, reason);
  }
  return stops;
}

// Loaded only when they are needed: a browser's driver is large, and so is a database.
async function openInCloud(): Promise<StorageEngine> {
  return (await import("./cloud/open-in-cloud.js")).openInCloud();
}

async function openInBrowser(folder: string): Promise<StorageEngine> {
  return (await import("./browser/open-in-browser.js")).openInBrowser(folder);
}

async function whyNoBrowser(): Promise<string | undefined> {
  try {
    const { launchBrowser } = await import("@holdfast/browser/launch");
    await (await launchBrowser()).close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** With time for a slow disk to take all files. */
function openFiles(folder: string): Promise<StorageEngine> {
  const options = { flushTimeout: "120000" };
  return openStore({ scheme: "file", path: join(folder, "files"), options }, { closeTimeout: 120_000 });
}

function sqliteIn(folder: string, file: string): string {
  return formatStoreUrl({ scheme: "sqlite", path: join(folder, file), options: {} });
}
