import { type StorageEngine, StorageError, systemPorts, type Timers } from "@holdfast/core";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it, onTestFinished } from "vitest";
import { openRootOn, readJson, readText, temporaryRoot } from "./support/roots.js";

describe("flush", () => {
  /** Saves without an end, while bringing files to the medium takes its time. */
  async function endless(
    save: (storage: StorageEngine, n: number) => Promise<unknown>,
    files: Partial<FileSystemPort> = {},
  ): Promise<{ storage: StorageEngine; root: string }> {
    const root = temporaryRoot();
    const fsyncTogether = async (descriptors: readonly number[]) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return nodeFileSystem.fsyncTogether(descriptors);
    };
    const port = { ...nodeFileSystem, fsyncTogether, ...files };
    // Long enough for any disk: what waits for ever shows all the same.
    const storage = await openRootOn({ files: port }, root, { watch: false, flushTimeout: 50_000 });
    await storage.save("first", 1);
    let ended = false;
    onTestFinished(() => {
      ended = true;
    });
    const saving = async () => {
      for (let n = 0; !ended; n++) {
        await save(storage, n);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    saving().catch((error: unknown) => expect(StorageError.is(error, "CLOSED")).toBe(true));
    return { storage, root };
  }

  const saveHotAndMore = (storage: StorageEngine, n: number) =>
    Promise.all([storage.save(`more/${n % 500}`, n), storage.save("hot", n)]);

  it("waits for what was saved before, and not for what goes on being saved", async () => {
    const { storage, root } = await endless(saveHotAndMore);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const item = await storage.stat("hot");
    await storage.flush();
    expect(readText(root, "first.json")).toBe("1");
    expect(String(readJson(root, "hot.meta.json")["version"]) >= (item?.version ?? "")).toBe(true);
  });

  it("waits for what is in the group that is under way, and no longer", async () => {
    const flushing = Promise.withResolvers<void>();
    let groups = 0;
    const files: Partial<FileSystemPort> = {
      rename(from, to) {
        if (to.endsWith("/a.meta.json")) {
          groups = 0;
          flushing.resolve(storage.flush());
        }
        // Each group has it.
        if (to.endsWith("/hot.json")) groups++;
        nodeFileSystem.rename(from, to);
      },
    };
    const { storage, root } = await endless(saveHotAndMore, files);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await storage.save("a", 1);
    await flushing.promise;
    expect(readText(root, "a.json")).toBe("1");
    // The one that is under way, and two that have all other keys.
    expect(groups).toBeLessThanOrEqual(3);
  });

  it("tries again soon what has just failed once more", async () => {
    const root = temporaryRoot();
    const flushing = Promise.withResolvers<void>();
    const pauses: number[] = [];
    let before: number[] = [];
    const timers: Timers = {
      schedule(work, delay, kind) {
        if (kind === "background") pauses.push(delay);
        return systemPorts.timers.schedule(work, kind === "background" ? Math.min(delay, 10) : delay, kind);
      },
    };
    let attempts = 0;
    const files: FileSystemPort = {
      ...nodeFileSystem,
      rename(from, to) {
        // By then the pauses are of seconds, or would be.
        if (to.endsWith("/a.meta.json") && attempts < 5) {
          if (++attempts === 5) {
            before = pauses.splice(0);
            flushing.resolve(storage.flush());
          }
          throw Object.assign(new Error("EBUSY: planted"), { code: "EBUSY" });
        }
        nodeFileSystem.rename(from, to);
      },
    };
    const storage = await openRootOn({ files }, root, { watch: false }, { ports: { timers } });
    await storage.save("a", 1);
    await flushing.promise;
    expect(readText(root, "a.json")).toBe("1");
    expect(before).toContain(800);
    expect(pauses).toContain(50);
    expect(pauses).not.toContain(1_600);
  });

  it("reaches a key behind more of them than a group has that are saved over and over", async () => {
    const { storage, root } = await endless((store, n) =>
      Promise.all(Array.from({ length: 64 }, (_, index) => store.save(`hot${(64 * n + index) % 600}`, n))),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await storage.save("z", 1);
    await storage.flush();
    expect(readText(root, "z.json")).toBe("1");
  });
});
