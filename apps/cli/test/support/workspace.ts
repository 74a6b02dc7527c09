import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openStore, type StorageEngine, type StorageSettings } from "holdfast";
import { afterEach, beforeEach } from "vitest";
import { holdfast, holdfastHere, type Outcome, type RunOptions } from "./holdfast.ts";

/** A folder for one test, in which the command runs. */
export interface Workspace {
  readonly folder: string;
  path(...parts: string[]): string;
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Runs the command in this process. */
  run(args: readonly string[], options?: { input?: string | Uint8Array }): Promise<Outcome>;
  /** Runs the command in a process of its own, for what only such a one shows: signals, locks, pipes, how it ends. */
  process(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** As `run` with --json; what it must print on stdout is parsed. */
  json(
    args: readonly string[],
    options?: { input?: string | Uint8Array },
  ): Promise<{ code: number | null; value: unknown; stderr: string }>;
  /** Works on a store of the folder by the library, then closes it. */
  store<T>(name: string, work: (storage: StorageEngine) => Promise<T>, settings?: StorageSettings): Promise<T>;
}

/** Gives each test of the file a new folder. */
export function useWorkspace(): Workspace {
  let folder = "";
  const home = process.cwd();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
    // Paths on the command line are relative to where it is run.
    process.chdir(folder);
  });
  afterEach(async () => {
    process.chdir(home);
    await rm(folder, { recursive: true, force: true });
  });
  const path = (...parts: string[]) => join(folder, ...parts);
  const run = (args: readonly string[], { input }: { input?: string | Uint8Array } = {}) => holdfastHere(args, input);
  return {
    get folder() {
      return folder;
    },
    path,
    async write(name, content) {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), content);
    },
    run,
    process: (args, options = {}) => holdfast(args, { cwd: folder, ...options }),
    async json(args, options) {
      const { code, stdout, stderr } = await run([...args, "--json"], options);
      return { code, value: stdout === "" ? undefined : JSON.parse(stdout), stderr };
    },
    async store(name, work, settings = {}) {
      // Each look at the clock is a millisecond later than the one before: what is saved later is newer.
      let time = Date.now();
      const clock = { now: () => ++time };
      const storage = await openStore(
        { scheme: "sqlite", path: path(name), options: {} },
        { ports: { clock }, ...settings },
      );
      try {
        return await work(storage);
      } finally {
        await storage.close();
      }
    },
  };
}
