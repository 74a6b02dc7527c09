import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStorage, type StorageEngine, type StorageSettings } from "@holdfast/core";
import { type FilesystemOptions, filesystem } from "@holdfast/filesystem";
import { filesystemOn, type Internals, realInternals } from "@holdfast/filesystem/port";
import { onTestFinished } from "vitest";

/** A directory that goes when the test ends. */
export function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "holdfast-filesystem-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Opens a root; it is closed when the test ends. */
export async function openRoot(
  root: string,
  options: Partial<FilesystemOptions> = {},
  settings?: StorageSettings,
): Promise<StorageEngine> {
  const storage = await openStorage(filesystem({ root, ...options }), settings);
  onTestFinished(() => storage.close());
  return storage;
}

/** As `openRoot`, on foundations that are partly of the test's making. */
export async function openRootOn(
  internals: Partial<Internals>,
  root: string,
  options: Partial<FilesystemOptions> = {},
  settings?: StorageSettings,
): Promise<StorageEngine> {
  const storage = await openStorage(filesystemOn({ ...realInternals, ...internals }, { root, ...options }), settings);
  onTestFinished(() => storage.close());
  return storage;
}

/** Paths of all files below a directory, the reserved one aside. */
export function filesIn(root: string, directory = ""): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true })
    .flatMap((entry) => {
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (path === ".holdfast") return [];
      return entry.isDirectory() ? filesIn(root, path) : [path];
    })
    .sort();
}

export function readText(root: string, path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function writeText(root: string, path: string, text: string): void {
  writeFileSync(join(root, path), text);
}

export function readJson(root: string, path: string): Record<string, unknown> {
  return JSON.parse(readText(root, path));
}

/** Waits until something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
