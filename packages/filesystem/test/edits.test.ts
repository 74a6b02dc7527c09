import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Change, type CollectionQuery, type StorageEngine, systemPorts, type Timers } from "@holdfast/core";
import { type FileSystemPort, nodeFileSystem, type RootWatch } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { filesIn, openRoot, openRootOn, readJson, readText, temporaryRoot, until, writeText } from "./support/roots.js";

describe("an edit", () => {
  it("is what load returns, as a new version with the tags that the item had", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    const first = await storage.save("note", { title: "Hello" }, { tags: ["draft"] });
    await storage.flush();
    writeText(root, "note.json", '{"title": "Edited"}');
    expect(await storage.load("note")).toEqual({ title: "Edited" });
    const item = await storage.stat("note");
    expect(item).toMatchObject({ tags: ["draft"], created: first.created });
    expect(item && item.version > first.version).toBe(true);
    expect(await storage.load("note", { version: first.version })).toEqual({ title: "Hello" });
    await storage.flush();
    expect(readText(root, "note.json")).toBe('{"title": "Edited"}');
    expect(readJson(root, "note.meta.json")).toMatchObject({ version: item?.version });
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("is told of by watch with origin external, without anybody loading it", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a/note", 1);
    await storage.flush();
    const changes: Change[] = [];
    await storage.watch("", (change) => changes.push(change));
    writeText(root, "a/note.json", "2");
    await until(() => changes.length > 0);
    expect(changes).toMatchObject([{ type: "save", key: "a/note", origin: "external" }]);
    expect(await storage.load("a/note")).toBe(2);
  });

  it("is found by another process' watchers too", async () => {
    const root = temporaryRoot();
    const mirror = await openRoot(root);
    const other = await openRoot(root);
    await other.save("note", 1);
    await other.flush();
    const changes: Change[] = [];
    await other.watch("", (change) => changes.push(change));
    writeText(root, "note.json", "2");
    await until(() => changes.length > 0);
    expect(changes).toMatchObject([{ key: "note", origin: "external" }]);
    expect(await mirror.load("note")).toBe(2);
  });

  it("is noticed in a directory in which something has its own name", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("x/note", 1);
    await storage.save("x/x/note", 1);
    await storage.flush();
    const changes: Change[] = [];
    await storage.watch("", (change) => changes.push(change));
    // What is gathered of the saves has been looked at by then.
    await new Promise((resolve) => setTimeout(resolve, 300));
    mkdirSync(join(root, "x/x/x"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    writeText(root, "x/note.json", "2");
    writeText(root, "x/x/note.json", "2");
    await until(() => changes.length === 2);
    expect(changes.map(({ key }) => key).toSorted()).toEqual(["x/note", "x/x/note"]);
  });

  it("is found at the next open when nobody ran", async () => {
    const root = temporaryRoot();
    const first = await openRoot(root);
    await first.save("note", { title: "Hello" }, { metadata: { by: "Ann" } });
    await first.close();
    writeText(root, "note.json", '{"title": "Edited by hand"}');
    const second = await openRoot(root);
    expect((await second.search({ where: { by: "Ann" } })).length).toBe(1);
    expect((await second.list())[0]?.size).toBe(27);
    expect(await second.load("note")).toEqual({ title: "Edited by hand" });
  });

  const anything = {
    "~standard": { version: 1 as const, vendor: "test", validate: (value: unknown) => ({ value }) },
  };

  it.each([
    ["with its item table", () => undefined],
    ["without", (root: string) => rmSync(join(root, ".holdfast"), { recursive: true })],
  ])("of an item of a collection is found by its data at the next open %s", async (_, prepare) => {
    const root = temporaryRoot();
    const notes = (storage: StorageEngine) =>
      storage.collection("notes", { schema: anything, version: "1", index: ["title", ""] });
    const first = await openRoot(root, { watch: false });
    await notes(first).save("a", { title: "old words" });
    await first.flush();
    await first.close();
    writeText(root, "notes/a.json", '{"title": "brand new"}');
    prepare(root);
    const storage = await openRoot(root, { watch: false });
    const found = async (query: CollectionQuery<"title" | "">) =>
      (await notes(storage).search(query)).map(({ key }) => key);
    expect(await found({ where: { title: "brand new" } })).toEqual(["a"]);
    expect(await found({ text: "brand" })).toEqual(["a"]);
    expect(await found({ where: { title: "old words" } })).toEqual([]);
    expect(await found({ text: "old" })).toEqual([]);
    await storage.flush();
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("of a large item is taken in too", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("large", new Uint8Array(3_000_000));
    await storage.flush();
    writeFileSync(join(root, "large.bin"), new Uint8Array(2_500_000).fill(9));
    const loaded = await storage.load<Uint8Array>("large");
    expect(loaded?.length).toBe(2_500_000);
    expect(loaded?.every((byte) => byte === 9)).toBe(true);
    await storage.flush();
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("that comes while a save waits for its file is kept beside the save", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("note", "first");
    await storage.flush();
    const saved = await storage.save("note", "saved");
    writeText(root, "note.json", '"edited"');
    await storage.flush();
    expect(await storage.load("note")).toBe("edited");
    expect(await storage.load("note", { version: saved.version })).toBe("saved");
    expect(readText(root, "note.json")).toBe('"edited"');
  });

  it("that comes while a save waits keeps the save in quarantine where history is off", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false }, { history: false });
    for (const [key, path, value] of [
      ["note", "note.json", "saved"],
      ["large", "large.bin", new Uint8Array(70_000).fill(1)],
    ] as const) {
      await storage.save(key, typeof value === "string" ? "first" : new Uint8Array(70_000));
      await storage.flush();
      await storage.save(key, value);
      writeText(root, path, '"edited"');
      await storage.flush();
    }
    expect(await storage.load("note")).toBe("edited");
    expect(await storage.load("large")).toEqual(new TextEncoder().encode('"edited"'));
    const kept = readdirSync(join(root, ".holdfast/quarantine")).sort((a, b) => (a.endsWith("bin") ? -1 : b.length));
    expect(kept.map((name) => readText(root, `.holdfast/quarantine/${name}`))).toEqual([
      "\u0001".repeat(70_000),
      '"saved"',
    ]);
  });

  it("in the very moment of replacing is kept too", async () => {
    const root = temporaryRoot();
    let raced = false;
    const files: FileSystemPort = {
      ...nodeFileSystem,
      rename(from, to) {
        if (!raced && to.endsWith("/note.json") && nodeFileSystem.lstat(to) !== undefined) {
          raced = true;
          writeFileSync(to, '"in place"');
        }
        nodeFileSystem.rename(from, to);
      },
    };
    const storage = await openRootOn({ files }, root, { watch: false });
    await storage.save("note", "first");
    await storage.flush();
    const saved = await storage.save("note", "saved");
    await storage.flush();
    expect(raced).toBe(true);
    expect(await storage.load("note")).toBe("in place");
    expect(await storage.load("note", { version: saved.version })).toBe("saved");
    await storage.flush();
    expect(readText(root, "note.json")).toBe('"in place"');
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("of an item that was deleted meanwhile is kept in quarantine, and the item stays deleted", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("note", 1);
    await storage.flush();
    await storage.delete("note");
    writeText(root, "note.json", '"edited"');
    await storage.flush();
    expect(await storage.exists("note")).toBe(false);
    expect(filesIn(root)).toEqual([]);
    const [kept = ""] = readdirSync(join(root, ".holdfast/quarantine"));
    expect(readText(root, `.holdfast/quarantine/${kept}`)).toBe('"edited"');
  });

  it("that is still being written is waited for: half a file may parse", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("note", { whole: 0 }, { format: "yaml" });
    await storage.flush();
    writeText(root, "note.yaml", "half: 1\n");
    const loading = storage.load("note");
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeText(root, "note.yaml", "half: 1\nwhole: 2\n");
    expect(await loading).toEqual({ whole: 0 });
    expect(await storage.load("note")).toEqual({ half: 1, whole: 2 });
    expect((await storage.history("note")).length).toBe(1);
  });

  it("that came with its companion from elsewhere has the tags and metadata that it has there", async () => {
    const here = temporaryRoot();
    const there = temporaryRoot();
    const first = await openRoot(here);
    await first.save("note", 1, { tags: ["old"] });
    await first.close();
    for (const path of filesIn(here)) writeText(there, path, readText(here, path));
    const second = await openRoot(there);
    await second.save("note", 2, { tags: ["new"], metadata: { by: "Ann" } });
    await second.close();
    for (const path of filesIn(there)) writeText(here, path, readText(there, path));
    const again = await openRoot(here);
    expect(await again.load("note")).toBe(2);
    expect(await again.stat("note")).toMatchObject({ tags: ["new"], metadata: { by: "Ann" } });
  });

  it("of the file of an expired item is an item that does not expire", async () => {
    const root = temporaryRoot();
    let now = Date.now();
    const storage = await openRoot(root, {}, { ports: { clock: { now: () => now } } });
    await storage.save("note", "first", { tags: ["x"], expiration: new Date(now + 1_000) });
    await storage.flush();
    now += 2_000;
    expect(await storage.load("note")).toBe(undefined);
    writeText(root, "note.json", '"edited"');
    await until(async () => (await storage.load("note")) === "edited");
    await storage.sweep();
    const item = await storage.stat("note");
    expect([item?.tags, item?.expiration]).toEqual([["x"], undefined]);
    await storage.flush();
    expect(readText(root, "note.json")).toBe('"edited"');
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("of a file whose name differs from an item's in its case alone is told of by verify", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("A", 1);
    await storage.flush();
    writeText(root, "a.json", "2");
    // On some platforms they are one file.
    const isOne = filesIn(root).length === 2;
    expect((await storage.verify()).problems.length).toBe(1);
    expect(await storage.load("A")).toBe(isOne ? 2 : 1);
  });

  it("that changes only times is passed over in silence", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    const { version } = await storage.save("note", 1);
    await storage.flush();
    utimesSync(join(root, "note.json"), 1, 1);
    expect(await storage.load("note")).toBe(1);
    expect((await storage.stat("note"))?.version).toBe(version);
    expect((await storage.verify()).problems).toEqual([]);
  });
});

describe("a damaged file", () => {
  it("goes into quarantine, and the last good version is served", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    const { version } = await storage.save("note", { title: "Hello" });
    await storage.flush();
    writeText(root, "note.json", '{"title": "Hel');
    expect(await storage.load("note")).toEqual({ title: "Hello" });
    expect((await storage.stat("note"))?.version).toBe(version);
    expect(readText(root, "note.json")).toBe('{"title": "Hel');
    const [copy = ""] = readdirSync(join(root, ".holdfast/quarantine"));
    expect(readText(root, `.holdfast/quarantine/${copy}`)).toBe('{"title": "Hel');
    expect((await storage.verify()).problems).toMatchObject([{ key: "note", code: "CORRUPT", repairable: true }]);
    await storage.load("note");
    expect(readdirSync(join(root, ".holdfast/quarantine")).length).toBe(1);
  });

  it("that changes on and on is in quarantine as it was first and as it is", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("note", 1);
    await storage.flush();
    for (const round of ["x", "y"]) {
      for (let n = 1; n <= 4; n++) {
        writeText(root, "note.json", "{".padEnd(n, round));
        expect(await storage.load("note")).toBe(round === "x" ? 1 : 2);
      }
      await storage.save("note", 2);
      await storage.flush();
    }
    const kept = readdirSync(join(root, ".holdfast/quarantine"));
    const texts = kept.map((name) => readText(root, `.holdfast/quarantine/${name}`));
    expect(texts.sort()).toEqual(["{", "{", "{xxx", "{yyy"]);
  });

  it("is replaced by the next save", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("note", 1);
    await storage.flush();
    writeText(root, "note.json", "{");
    await storage.load("note");
    await storage.save("note", 2);
    await storage.flush();
    expect(readText(root, "note.json")).toBe("2");
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("is put right by repair", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("note", 1);
    await storage.flush();
    writeText(root, "note.json", "{");
    await storage.load("note");
    const report = await storage.repair();
    expect(report).toMatchObject({ repaired: [{ key: "note" }], remaining: [] });
    expect(readText(root, "note.json")).toBe("1");
  });
});

describe("a file that somebody removes", () => {
  it("is a deletion", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a", 1);
    await storage.flush();
    const changes: Change[] = [];
    await storage.watch("", (change) => changes.push(change));
    unlinkSync(join(root, "a.json"));
    await until(() => changes.length > 0);
    expect(changes).toMatchObject([{ type: "delete", key: "a", origin: "external" }]);
    expect(await storage.load("a")).toBe(undefined);
    await storage.flush();
    expect(filesIn(root)).toEqual([]);
  });

  it("and writes it anew has edited it: tags and history stay", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    const first = await storage.save("a", 1, { tags: ["x"] });
    await storage.flush();
    unlinkSync(join(root, "a.json"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeText(root, "a.json", "2");
    await until(async () => (await storage.load("a")) === 2);
    expect(await storage.stat("a")).toMatchObject({ tags: ["x"], created: first.created });
  });

  it("to put a directory or a link there has deleted the item; its key goes on beside it", async () => {
    const root = temporaryRoot();
    const outside = temporaryRoot();
    writeText(outside, "b.json", '"outside"');
    const storage = await openRoot(root, { watch: false });
    await storage.save("a", 1);
    await storage.save("b", 1);
    await storage.flush();
    unlinkSync(join(root, "a.json"));
    mkdirSync(join(root, "a.json"));
    unlinkSync(join(root, "b.json"));
    symlinkSync(join(outside, "b.json"), join(root, "b.json"));
    expect(await storage.load("a")).toBe(undefined);
    expect(await storage.load("b")).toBe(undefined);
    await storage.flush();
    await storage.save("a", 2);
    await storage.save("b", 2);
    await storage.flush();
    expect(await storage.load("a")).toBe(2);
    expect(await storage.load("b")).toBe(2);
    expect(readText(outside, "b.json")).toBe('"outside"');
    expect(filesIn(root).filter((path) => path.endsWith(".json") && !path.endsWith(".meta.json"))).toEqual([
      expect.stringMatching(/^a~[0-9a-f]{12}\.json$/),
      "b.json",
      expect.stringMatching(/^b~[0-9a-f]{12}\.json$/),
    ]);
  });

  it("is no deletion when its root is gone with it", async () => {
    const root = temporaryRoot();
    const state = temporaryRoot();
    const storage = await openRoot(root, { watch: false, stateDirectory: state });
    await storage.save("a", 1);
    await storage.flush();
    renameSync(root, `${root}-away`);
    await expect(storage.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    renameSync(`${root}-away`, root);
    expect(await storage.load("a")).toBe(1);
  });

  it("is a companion: it is written again", async () => {
    const root = temporaryRoot();
    const first = await openRoot(root);
    await first.save("a", 1, { tags: ["x"] });
    await first.close();
    unlinkSync(join(root, "a.meta.json"));
    const storage = await openRoot(root);
    await storage.flush();
    expect(readJson(root, "a.meta.json")).toMatchObject({ key: "a", tags: ["x"] });
    unlinkSync(join(root, "a.meta.json"));
    await until(() => filesIn(root).length === 2);
  });
});

describe("where not everything can be watched", () => {
  it("looks at everything now and then", async () => {
    const root = temporaryRoot();
    const delays: number[] = [];
    let rescan: () => void = () => undefined;
    const timers: Timers = {
      schedule(callback, milliseconds, kind) {
        delays.push(milliseconds);
        if (milliseconds !== 30_000) return systemPorts.timers.schedule(callback, milliseconds, kind);
        rescan = callback;
        return () => undefined;
      },
    };
    const watchRoot: RootWatch = (_, events) => {
      events.incomplete();
      return { add: () => undefined, close: () => undefined };
    };
    const storage = await openRootOn({ watchRoot }, root, {}, { ports: { timers } });
    await storage.save("a", 1);
    await storage.flush();
    writeText(root, "a.json", "2");
    writeText(root, "new.json", "3");
    expect(delays).toContain(30_000);
    rescan();
    await until(async () => (await storage.list()).length === 2);
    await until(async () => (await storage.history("a")).length === 1);
  });
});

describe("where nothing is watched", () => {
  it("goes on by what loads find", async () => {
    const root = temporaryRoot();
    const storage = await openRootOn({ watchRoot: undefined }, root);
    await storage.save("a", 1);
    await storage.flush();
    writeText(root, "a.json", "2");
    expect(await storage.load("a")).toBe(2);
    expect((await storage.getInfo()).details["watching"]).toBe(false);
  });
});
