import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openStorage, type StorageEngine } from "@holdfast/core";
import { filesystemOn, type Internals, realInternals } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { DyingProcess } from "./support/dying-process.js";
import { filesIn, openRoot, temporaryRoot } from "./support/roots.js";

const LARGE = 70_000;

/** What was acknowledged of each key, and what may have come after it. */
type Oracle = Map<string, { acknowledged: unknown; tried: unknown }>;

/** Saves, overwrites, changes formats and deletes, small and large; ends when the process does. */
async function work(storage: StorageEngine, oracle: Oracle, flushesOften: boolean): Promise<void> {
  const save = async (key: string, value: unknown, format?: "yaml" | "json") => {
    const entry = { acknowledged: oracle.get(key)?.acknowledged, tried: value };
    oracle.set(key, entry);
    await storage.save(key, value, { format });
    entry.acknowledged = value;
  };
  const remove = async (key: string) => {
    const entry = { acknowledged: oracle.get(key)?.acknowledged, tried: undefined };
    oracle.set(key, entry);
    await storage.delete(key);
    entry.acknowledged = undefined;
  };
  const bytes = (fill: number) => new Uint8Array(LARGE).fill(fill);
  await save("a/one", "first");
  await save("a/two", { b: 2 }, "yaml");
  await save("large", bytes(1));
  await save("gone/soon", "x");
  await storage.flush();
  await save("a/one", "second");
  await save("a/two", { b: 3 }, "json");
  await save("large", bytes(2));
  await remove("gone/soon");
  await storage.flush();
  await save("large", bytes(3));
  if (flushesOften) await storage.flush();
  await save("a/one", bytes(4));
  if (flushesOften) await storage.flush();
  await remove("a/two");
  await save("large", "small");
  await storage.flush();
}

async function crashAt(
  root: string,
  lastCall: number,
  flushesOften: boolean,
): Promise<{ oracle: Oracle; calls: number; died: boolean }> {
  const dying = new DyingProcess(lastCall);
  const oracle: Oracle = new Map();
  let died = false;
  try {
    const adapter = filesystemOn(dying.internals, { root, flushTimeout: 60_000, watch: false });
    const storage = await openStorage(adapter, { retry: false });
    await work(storage, oracle, flushesOften);
  } catch {
    died = true;
  }
  const { calls } = dying;
  dying.bury();
  return { oracle, calls, died };
}

/** Saves another format over what the dead process left, before its files have been looked at by the mirror. */
async function saveOver(root: string, oracle: Oracle): Promise<void> {
  const adapter = filesystemOn(withoutMirror, { root, watch: false, flushTimeout: 0 });
  const storage = await openStorage(adapter);
  await storage.save("large", "over");
  oracle.set("large", { acknowledged: "over", tried: "over" });
  // It has no mirror, and says that something is left.
  await expect(storage.close()).rejects.toMatchObject({ code: "TIMEOUT" });
}

/** Reads all there is while nobody finishes what the dead process began. */
async function loadWithoutMirror(root: string, oracle: Oracle, where: string): Promise<void> {
  const adapter = filesystemOn(withoutMirror, { root, watch: false, flushTimeout: 0 });
  const storage = await openStorage(adapter);
  await loadVersions(storage, oracle, where);
  await storage.close().catch((error: unknown) => expect(error).toMatchObject({ code: "TIMEOUT" }));
}

async function loadVersions(storage: StorageEngine, oracle: Oracle, where: string): Promise<void> {
  for (const key of oracle.keys()) {
    for (const { version } of await storage.history(key)) {
      await expect(storage.load(key, { version }), `${key} ${version} ${where}`).resolves.toBeDefined();
    }
  }
}

/** Another process mirrors, and is slow. */
const withoutMirror: Internals = {
  ...realInternals,
  openMirrorLock: async () => ({ tryAcquire: () => false, close: () => undefined }),
};

describe("a process that dies", () => {
  it.each([
    ["at any call that changes a file or commits", false],
    ["at any such call, where every version is mirrored", true],
  ])(
    "%s has lost nothing that it acknowledged, and leaves nothing behind",
    async (_, flushesOften) => {
      const { calls, died } = await crashAt(temporaryRoot(), Number.POSITIVE_INFINITY, flushesOften);
      expect(died).toBe(false);
      expect(calls).toBeGreaterThan(50);
      for (let lastCall = 1; lastCall <= calls; lastCall++) {
        const root = temporaryRoot();
        const { oracle } = await crashAt(root, lastCall, flushesOften);
        await loadWithoutMirror(root, oracle, `after a death at call ${lastCall}, before the mirror has gone on`);
        if (flushesOften) await saveOver(root, oracle);
        const storage = await openRoot(root, { watch: false });
        for (const [key, { acknowledged, tried }] of oracle) {
          const found = await storage.load(key);
          expect([acknowledged, tried], `${key} after a death at call ${lastCall}`).toContainEqual(found);
        }
        await storage.flush();
        const where = `after a death at call ${lastCall}`;
        await loadVersions(storage, oracle, where);
        expect((await storage.verify()).problems, where).toEqual([]);
        const living = (await storage.list()).length;
        expect(filesIn(root).length, where).toBe(2 * living);
        await storage.close();
        const temps = join(root, ".holdfast/temps");
        expect(existsSync(temps) ? readdirSync(temps) : [], where).toEqual([]);
      }
    },
    120_000,
  );
});
