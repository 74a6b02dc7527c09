import { SimulatedPorts } from "@holdfast/conformance";
import type { StorageEngine } from "@holdfast/core";
import type { FilesystemOptions } from "@holdfast/filesystem";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { filesIn, openRootOn, readText, temporaryRoot, until } from "./support/roots.js";

/** Lets the mirror do what it can do without time passing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

interface Opened {
  readonly storage: StorageEngine;
  readonly ports: SimulatedPorts;
  /** Files that have their names. */
  readonly files: () => string[];
  readonly root: string;
}

/** A root whose mirror has nothing to do. */
async function openIdle(
  options: Partial<FilesystemOptions> = {},
  files: FileSystemPort = nodeFileSystem,
): Promise<Opened> {
  const root = temporaryRoot();
  const ports = new SimulatedPorts();
  const storage = await openRootOn({ files }, root, { watch: false, ...options }, { ports });
  await ports.advance(100);
  await settle();
  return { storage, ports, root, files: () => filesIn(root).filter((path) => !path.endsWith(".tmp")) };
}

describe("the mirror and saves that follow one another", () => {
  it("begins 20 ms after the last one", async () => {
    const { storage, ports, files, root } = await openIdle();
    for (let n = 0; n < 30; n++) {
      await storage.save("note", n);
      await ports.advance(15);
    }
    await settle();
    expect(files()).toEqual([]);
    await ports.advance(20);
    await until(() => files().length === 2);
    expect(readText(root, "note.json")).toBe("29");
  });

  it("begins 2 s after the first one in any case", async () => {
    const { storage, ports, files } = await openIdle();
    for (let n = 0; n < 133; n++) {
      await storage.save("note", n);
      await ports.advance(15);
    }
    await settle();
    expect(files()).toEqual([]);
    await storage.save("note", 133);
    await ports.advance(15);
    await until(() => files().length === 2);
  });

  it("begins when half of those that may wait do, and counts them anew when none is left", async () => {
    const { storage, ports, files } = await openIdle({ maxPending: 10 });
    for (let n = 0; n < 5; n++) await storage.save(`note-${n}`, n);
    await ports.advance(15);
    await storage.save("note-5", 5);
    await settle();
    expect(files()).toEqual([]);
    await ports.advance(5);
    await until(() => files().length === 12);
    // Files have their names before that is recorded, and only then are those that wait counted anew.
    await until(async () => Number((await storage.getInfo()).details["pending"]) === 0);
    await settle();
    await ports.advance(40);
    await settle();
    for (let n = 0; n < 4; n++) {
      await storage.save(`more-${n}`, n);
      await ports.advance(15);
    }
    await settle();
    expect(files()).toHaveLength(12);
  });

  it("gives way between two steps, and goes on when it is quiet", async () => {
    let meanwhile: (() => Promise<unknown>) | undefined;
    let fsynced = 0;
    const fsyncTogether = async (descriptors: readonly number[]) => {
      await meanwhile?.();
      const outcomes = await nodeFileSystem.fsyncTogether(descriptors);
      fsynced++;
      return outcomes;
    };
    const { storage, ports, files } = await openIdle({}, { ...nodeFileSystem, fsyncTogether });
    meanwhile = async () => {
      meanwhile = undefined;
      await storage.save("late", 1);
    };
    await storage.save("a", 1);
    await ports.advance(20);
    await until(() => fsynced === 1);
    await settle();
    expect(files()).toEqual([]);
    await ports.advance(20);
    await until(() => files().length === 4);
  });

  it("goes on at once for a flush", async () => {
    const { storage, ports, files } = await openIdle();
    await storage.save("a", 1);
    await ports.advance(5);
    await settle();
    expect(files()).toEqual([]);
    await storage.flush();
    expect(files()).toHaveLength(2);
  });
});
