import { existsSync, readdirSync, readFileSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { filesIn, openRoot, openRootOn, readJson, temporaryRoot, until } from "./support/roots.js";

/** A body that is in its file alone. */
const LARGE = 100_000;
const body = (fill: number) => new Uint8Array(LARGE).fill(fill);
const text = (letter: string) => letter.repeat(LARGE);

function quarantined(root: string): string[] {
  return readdirSync(join(root, ".holdfast/quarantine"), { recursive: true }).map(String);
}

describe("a large file that is damaged", () => {
  async function damaged(): Promise<{ root: string; storage: Awaited<ReturnType<typeof openRoot>> }> {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("big", text("a"), { tags: ["t"] });
    await storage.save("other", 1);
    await storage.flush();
    truncateSync(join(root, "big.json"), 70_000);
    return { root, storage };
  }

  it("is CORRUPT at every load, and one problem among others to verify and repair", async () => {
    const { root, storage } = await damaged();
    for (let time = 0; time < 3; time++) {
      await expect(storage.load("big")).rejects.toMatchObject({ code: "CORRUPT", key: "big" });
      await expect(async () => {
        for await (const _ of (await storage.loadStream("big")) ?? []);
      }).rejects.toMatchObject({ code: "CORRUPT" });
    }
    const report = await storage.verify();
    expect(report.problems.every(({ key, code }) => key === "big" && code === "CORRUPT")).toBe(true);
    expect(report.problems.length).toBeGreaterThan(0);
    expect((await storage.repair()).remaining.map(({ key }) => key)).toContain("big");
    expect(quarantined(root)).toHaveLength(1);
    expect(await storage.load("other")).toBe(1);
  });

  it("keeps its companion right, and nobody busy, when that is to be written anew", async () => {
    const { root, storage } = await damaged();
    await expect(storage.load("big")).rejects.toMatchObject({ code: "CORRUPT" });
    unlinkSync(join(root, "big.meta.json"));
    await storage.close();
    const again = await openRoot(root, { watch: false });
    await again.flush();
    expect(readJson(root, "big.meta.json")).toMatchObject({ key: "big", tags: ["t"] });
    expect(quarantined(root)).toHaveLength(1);
    await expect(again.load("big")).rejects.toMatchObject({ code: "CORRUPT" });
    expect(Number((await again.getInfo()).details["pending"])).toBe(0);
  });

  it("is the item again once somebody has put it back, or saved it, also with the same bytes", async () => {
    const { root, storage } = await damaged();
    await expect(storage.load("big")).rejects.toMatchObject({ code: "CORRUPT" });
    writeFileSync(join(root, "big.json"), JSON.stringify(text("a")));
    expect(await storage.load("big")).toBe(text("a"));
    truncateSync(join(root, "big.json"), 70_000);
    await expect(storage.load("big")).rejects.toMatchObject({ code: "CORRUPT" });
    await storage.save("big", text("a"));
    await storage.flush();
    expect(await storage.load("big")).toBe(text("a"));
    expect(JSON.parse(readFileSync(join(root, "big.json"), "utf8"))).toBe(text("a"));
    expect((await storage.verify()).problems).toEqual([]);
  });

  it.each([10, LARGE])("goes when the item is saved in another format: %i characters", async (length) => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("note", "a".repeat(length));
    await storage.flush();
    writeFileSync(join(root, "note.json"), "{");
    await storage.load("note").catch(() => undefined);
    await storage.save("note", "b".repeat(length), { format: "yaml" });
    await storage.flush();
    expect(filesIn(root)).toEqual(["note.meta.json", "note.yaml"]);
    expect(quarantined(root)).toHaveLength(1);
    await storage.close();
    const again = await openRoot(root);
    expect((await again.list()).map(({ key }) => key)).toEqual(["note"]);
    expect((await again.verify()).problems).toEqual([]);
  });
});

describe("a large version", () => {
  it("is kept when the same bytes are saved again", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false }, { history: true });
    const versions: string[] = [];
    for (const tag of ["one", "two", "three"]) {
      versions.push((await storage.save("big", body(7), { tags: [tag] })).version);
      await storage.flush();
    }
    await storage.save("big", body(8));
    await storage.flush();
    expect((await storage.history("big")).map(({ version }) => version)).toEqual(versions.toReversed());
    for (const version of versions) expect(await storage.load("big", { version })).toEqual(body(7));
    expect((await storage.verify()).problems).toEqual([]);
    expect(readdirSync(join(root, ".holdfast/bodies"))).toEqual([]);
    await storage.close();
    const again = await openRoot(root, {}, { history: true });
    for (const version of versions) expect(await again.load("big", { version })).toEqual(body(7));
  });

  it("is kept also when its files were not brought into their places at the first try", async () => {
    const root = temporaryRoot();
    let refusals = 0;
    const files: FileSystemPort = {
      ...nodeFileSystem,
      rename(from, to) {
        if (to.endsWith("/big.meta.json") && refusals-- > 0) {
          throw Object.assign(new Error("EBUSY: planted"), { code: "EBUSY", syscall: "rename" });
        }
        nodeFileSystem.rename(from, to);
      },
    };
    const storage = await openRootOn({ files }, root, { watch: false }, { history: true });
    const versions: string[] = [];
    for (const tag of ["one", "two", "three", "four"]) {
      refusals = 2;
      versions.push((await storage.save("big", body(7), { tags: [tag] })).version);
      await storage.flush();
    }
    await storage.save("big", body(8));
    await storage.flush();
    for (const version of versions) expect(await storage.load("big", { version })).toEqual(body(7));
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("that is gone or damaged is found by verify, and a small one's file is only a copy", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false }, { history: true });
    for (const n of [1, 2]) {
      await storage.save("big", body(n));
      await storage.save("small", n);
      await storage.flush();
    }
    const places = readdirSync(join(root, ".holdfast/versions"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    expect(places).toHaveLength(2);
    for (const place of places) {
      const bytes = readFileSync(place);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      writeFileSync(place, bytes);
    }
    const { problems } = await storage.verify();
    expect(problems.map(({ key, repairable }) => [key, repairable])).toEqual([
      ["big", false],
      ["small", true],
    ]);
    expect((await storage.repair()).remaining.map(({ key }) => key)).toEqual(["big"]);
    const [version] = (await storage.history("small")).map((item) => item.version);
    expect(await storage.load("small", { version: version ?? "" })).toBe(1);
  });
});

describe("a body that comes slowly", () => {
  it("is not acknowledged when its file was removed as left behind", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false }, { retry: false });
    const goOn = Promise.withResolvers<void>();
    async function* source() {
      yield new Uint8Array(3 * 2 ** 20);
      await goOn.promise;
      yield body(3);
    }
    const saving = storage.saveStream("slow", source());
    const bodies = join(root, ".holdfast/bodies");
    await until(() => existsSync(bodies) && readdirSync(bodies).length === 1);
    for (const name of readdirSync(bodies)) unlinkSync(join(bodies, name));
    goOn.resolve();
    await expect(saving).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("save it again"),
    });
    expect(await storage.exists("slow")).toBe(false);
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("is not removed by who looked before it was committed", async () => {
    const root = temporaryRoot();
    let far = 0;
    // Clocks that run ahead make the file look old.
    const files: FileSystemPort = { ...nodeFileSystem, now: () => Date.now() + far };
    const storage = await openRootOn({ files }, root, { watch: false });
    await storage.save("big", body(1));
    far = 2 * 60 * 60 * 1000;
    await storage.repair();
    expect(await storage.load("big")).toEqual(body(1));
    await storage.flush();
    expect((await storage.verify()).problems).toEqual([]);
  });
});

describe("a companion", () => {
  it.each(["tags", "sha256", "version", "metadata"])(
    "with other %s is found by verify and mended",
    async (property) => {
      const root = temporaryRoot();
      const storage = await openRoot(root, { watch: false });
      const { version } = await storage.save("a", 1, { tags: ["one"], metadata: { by: "Ann" } });
      await storage.flush();
      const path = join(root, "a.meta.json");
      const companion = readJson(root, "a.meta.json");
      const others: Record<string, unknown> = {
        tags: ["ond"],
        sha256: "0".repeat(64),
        version: version.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")),
        metadata: { by: "Amn" },
      };
      writeFileSync(path, JSON.stringify({ ...companion, [property]: others[property] }));
      const old = new Date(Date.now() - 60_000);
      utimesSync(path, old, old);
      expect((await storage.verify()).problems).toMatchObject([{ key: "a", repairable: true }]);
      expect(await storage.repair()).toMatchObject({ remaining: [] });
      expect(readJson(root, "a.meta.json")).toEqual(companion);
    },
  );
});

describe("a large file that is hashed", () => {
  /** Files of which a piece takes longer to read than a turn of the event loop should last. `most`: read in one turn. */
  function slow(): { files: FileSystemPort; most: () => number; watchOnly: (ending: string) => void } {
    let watched = "";
    const descriptors = new Set<number>();
    let most = 0;
    let now = 0;
    const files: FileSystemPort = {
      ...nodeFileSystem,
      openToRead(path) {
        const descriptor = nodeFileSystem.openToRead(path);
        if (watched !== "" && path.endsWith(watched)) descriptors.add(descriptor);
        return descriptor;
      },
      read(descriptor, into, position) {
        if (descriptors.has(descriptor)) {
          setImmediate(() => {
            now = 0;
          });
          most = Math.max(most, ++now);
          const begun = performance.now();
          while (performance.now() - begun < 10);
        }
        return nodeFileSystem.read(descriptor, into, position);
      },
      close(descriptor) {
        descriptors.delete(descriptor);
        nodeFileSystem.close(descriptor);
      },
    };
    const watchOnly = (ending: string) => {
      watched = ending;
    };
    return { files, most: () => most, watchOnly };
  }

  it.each(["delete", "save", "verify"] as const)("leaves the thread to others: %s", async (how) => {
    const root = temporaryRoot();
    const { files, most, watchOnly } = slow();
    const storage = await openRootOn({ files }, root, { watch: false }, { history: false });
    await storage.save("big", new Uint8Array(6 * 2 ** 20));
    await storage.flush();
    watchOnly("/big.bin");
    if (how === "delete") await storage.delete("big");
    else if (how === "save") await storage.save("big", 1);
    else expect((await storage.verify()).problems).toEqual([]);
    await storage.flush();
    expect([1, 2]).toContain(most());
  });
});
