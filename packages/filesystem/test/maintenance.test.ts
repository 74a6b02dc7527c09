import { mkdirSync, readdirSync, rmSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openStorage, systemPorts, type Timers } from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { lateAfter } from "./support/late-flushes.js";
import { filesIn, openRoot, openRootOn, readJson, readText, temporaryRoot, until, writeText } from "./support/roots.js";

const DAY = 24 * 60 * 60 * 1000;

describe("verify", () => {
  it("finds every flipped bit of data files, also where nothing but the content tells", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    await storage.save("small", "abc");
    await storage.save("large", new Uint8Array(100_000));
    await storage.flush();
    for (const [key, path] of [
      ["small", "small.json"],
      ["large", "large.bin"],
    ] as const) {
      const before = Buffer.from(readText(root, path), "latin1");
      const flipped = Buffer.from(before);
      flipped[2] = (flipped[2] ?? 0) ^ 1;
      writeFileSync(join(root, path), flipped);
      const { problems } = await storage.verify();
      expect(problems).toContainEqual(expect.objectContaining({ key, code: "CORRUPT" }));
      writeFileSync(join(root, path), before);
    }
  });

  it("finds missing companions, foreign files, orphan temps, links and files of the work directory that nobody points to", async () => {
    const root = temporaryRoot();
    let now = Date.now();
    const files = { ...nodeFileSystem, now: () => now };
    const storage = await openRootOn({ files }, root, { watch: false });
    await storage.save("a", 1);
    await storage.flush();
    unlinkSync(join(root, "a.meta.json"));
    writeText(root, "foreign.txt", "x");
    const stray = "versions/a.json/20260101T000000000Z-0123456789ab-0000-0123456789ab.json";
    mkdirSync(join(root, ".holdfast/bodies"), { recursive: true });
    mkdirSync(join(root, ".holdfast/versions/a.json"), { recursive: true });
    for (const path of [
      ".holdfast-0123456789abcdef.tmp",
      ".holdfast/bodies/0123",
      `.holdfast/${stray}`,
      ".holdfast/temps/0123",
    ]) {
      writeText(root, path, "x");
    }
    // What is young may be the mirror's at work.
    expect((await storage.verify()).problems.length).toBe(2);
    now += 2 * 60 * 60 * 1000;
    const { problems } = await storage.verify();
    expect(problems.map(({ message, repairable }) => [message.split(":")[0], repairable])).toEqual([
      ["the companion a.meta.json is missing, or does not say what the item is", true],
      [".holdfast-0123456789abcdef.tmp is an unfinished file that a process left behind", true],
      ["foreign.txt belongs to no item", false],
      ["bodies/0123 is an unfinished body, and was left behind by a process", true],
      [`${stray} is a version that is not kept any more, and was left behind by a process`, true],
      ["temps/0123 is an unfinished file, and was left behind by a process", true],
    ]);
    const { repaired, remaining } = await storage.repair();
    expect(repaired.length).toBe(5);
    expect(remaining.map(({ message }) => message.split(":")[0])).toEqual(["foreign.txt belongs to no item"]);
    expect(readJson(root, "a.meta.json")).toMatchObject({ key: "a" });
  });

  it("leaves a companion alone that has just come ahead of its data file", async () => {
    const there = temporaryRoot();
    const other = await openRoot(there);
    const { version } = await other.save("a", 1, { tags: ["x"] });
    await other.close();
    const root = temporaryRoot();
    let now = Date.now();
    const files = { ...nodeFileSystem, now: () => now };
    const storage = await openRootOn({ files }, root, { watch: false });
    writeText(root, "a.meta.json", readText(there, "a.meta.json"));
    utimesSync(join(root, "a.meta.json"), 1, 1);
    expect(await storage.repair()).toEqual({ repaired: [], remaining: [] });
    writeText(root, "b.meta.json", readText(there, "a.meta.json"));
    writeText(root, "a.json", "1");
    await storage.close();
    const again = await openRootOn({ files }, root, { watch: false });
    expect(await again.stat("a")).toMatchObject({ version, tags: ["x"] });
    now += 2 * 60_000;
    expect((await again.repair()).repaired.length).toBe(1);
    expect(filesIn(root)).toEqual(["a.json", "a.meta.json"]);
  });

  it("finds that a file is missing, and that an item is which has to be there", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false, required: ["must/be", "a"] });
    await storage.save("a", 1);
    await storage.flush();
    expect((await storage.verify()).problems).toMatchObject([{ key: "must/be", code: "NOT_FOUND", repairable: false }]);
    unlinkSync(join(root, "a.json"));
    const { problems } = await storage.verify();
    expect(problems).toContainEqual(
      expect.objectContaining({ key: "a", message: expect.stringContaining("is missing") }),
    );
  });
});

describe("a file that cannot be looked at", () => {
  it("has a name that leaves no room for that of a companion, and is an item all the same", async () => {
    const root = temporaryRoot();
    const [text, binary] = [`${"t".repeat(240)}.json`, "\u00e9".repeat(125)];
    writeText(root, text, '{"a":1}');
    writeText(root, binary, "b");
    const first = await openRoot(root);
    await first.flush();
    expect(await first.load("t".repeat(240))).toEqual({ a: 1 });
    expect(await first.load(binary)).toEqual(new TextEncoder().encode("b"));
    await first.save("t".repeat(240), { a: 2 }, { tags: ["x"] });
    await first.flush();
    expect(readText(root, text)).toBe('{"a":2}');
    expect((await first.verify()).problems).toEqual([]);
    const before = await first.list();
    await first.close();
    rmSync(join(root, ".holdfast"), { recursive: true });
    const second = await openRoot(root);
    expect(await second.list()).toEqual(before);
  });

  it("is damaged, and has a name that leaves no room for that of its copy", async () => {
    const root = temporaryRoot();
    const key = "d".repeat(240);
    writeText(root, `${key}.json`, "1");
    const first = await openRoot(root, { watch: false });
    await first.flush();
    writeText(root, `${key}.json`, "{");
    expect(await first.load(key)).toBe(1);
    await first.close();
    const copies = readdirSync(join(root, ".holdfast/quarantine"));
    expect(copies).toMatchObject([expect.stringMatching(/d{100}\.json$/)]);
    expect(readText(root, `.holdfast/quarantine/${copies[0]}`)).toBe("{");
    const second = await openRoot(root);
    expect(await second.load(key)).toBe(1);
  });

  /** As the system does for whom they do not let in, refuses everything at and below paths with these names. */
  const refusing = (names: readonly string[]): Partial<FileSystemPort> => {
    const check = (path: string) => {
      if (!path.split("/").some((name) => names.includes(name))) return;
      throw Object.assign(new Error(`EACCES: permission denied, '${path}'`), { code: "EACCES" });
    };
    return {
      openToRead(path) {
        check(path);
        return nodeFileSystem.openToRead(path);
      },
      lstat(path) {
        // What stands there can be seen, what is in it cannot.
        check(dirname(path));
        return nodeFileSystem.lstat(path);
      },
      holdDirectory(root, segments) {
        check(segments.join("/"));
        return nodeFileSystem.holdDirectory(root, segments);
      },
    };
  };

  it("ends neither open nor verify, and its item is what the table says", async () => {
    const root = temporaryRoot();
    const before = await openRoot(root);
    for (const key of ["seen", "own", "locked/a", "told"]) await before.save(key, key);
    await before.close();
    mkdirSync(join(root, "lost+found"));
    for (const path of ["lost+found/x", "foreign.txt", "foreign.meta.json", "new.json"]) writeText(root, path, "{}");
    writeText(root, "new.meta.json", readText(root, "own.meta.json"));
    // Both were changed, as a change of their modes does.
    for (const path of ["own.json", "locked/a.json"]) utimesSync(join(root, path), 1, 1);
    const refused = [
      "own.json",
      "locked",
      "lost+found",
      "foreign.txt",
      "foreign.meta.json",
      "told.meta.json",
      "new.meta.json",
    ];
    const files = { ...nodeFileSystem, ...refusing(refused) };
    const late = lateAfter(3);
    const storage = await openRootOn({ files }, root, late.options, late.settings);
    expect((await storage.list()).map(({ key }) => key)).toEqual(["locked/a", "own", "seen", "told"]);
    for (const key of ["seen", "own", "locked/a", "told"]) expect(await storage.load(key)).toBe(key);
    const { problems } = await storage.verify();
    expect(problems.map(({ key, code, message }) => [key, code, message.split(" ")[0]])).toEqual([
      ["locked/a", "UNAUTHORIZED", "locked/a.json"],
      ["own", "UNAUTHORIZED", "own.json"],
      ["told", "UNAUTHORIZED", "told.json"],
      [undefined, "UNAUTHORIZED", "foreign.meta.json"],
      [undefined, "CORRUPT", "foreign.txt"],
      [undefined, "CORRUPT", "new.json"],
      [undefined, "UNAUTHORIZED", "new.meta.json"],
      [undefined, "UNAUTHORIZED", "locked"],
      [undefined, "UNAUTHORIZED", "lost+found"],
    ]);
    await storage.save("seen", 2);
    await storage.save("locked/b", 2);
    await expect(storage.flush()).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(/^1 items .*"locked\/b": EACCES/),
    });
    expect(readText(root, "seen.json")).toBe("2");
    refused.length = 0;
    await storage.flush();
    expect(readText(root, "locked/b.json")).toBe("2");
  });
});

describe("without the state directory", () => {
  it("everything is rebuilt from the pairs, with versions, tags and metadata", async () => {
    const root = temporaryRoot();
    const first = await openRoot(root);
    await first.save("a/b", { c: 1 }, { format: "yaml", tags: ["x"], metadata: { d: "words" } });
    await first.save("A/B", 2, { expiration: new Date(Date.now() + DAY) });
    await first.save("big", new Uint8Array(2_500_000).fill(3));
    await first.flush();
    const before = await first.list();
    const cursor = (await first.getInfo()).cursor;
    await first.close();
    rmSync(join(root, ".holdfast"), { recursive: true });
    const second = await openRoot(root);
    expect(await second.list()).toEqual(before);
    expect((await second.search({ text: "words", tags: ["x"] })).length).toBe(1);
    expect(await second.load("big")).toEqual(new Uint8Array(2_500_000).fill(3));
    expect((await second.verify()).problems).toEqual([]);
    expect((await second.getInfo()).cursor?.split(":")[0]).not.toBe(cursor?.split(":")[0]);
  });

  it("a file that was changed meanwhile is an edit, and one without a companion an item", async () => {
    const root = temporaryRoot();
    const first = await openRoot(root);
    await first.save("a", 1, { tags: ["x"] });
    await first.save("b", 1);
    await first.close();
    rmSync(join(root, ".holdfast"), { recursive: true });
    writeText(root, "a.json", "22");
    unlinkSync(join(root, "b.meta.json"));
    const second = await openRoot(root);
    expect(await second.load("a")).toBe(22);
    expect((await second.stat("a"))?.tags).toEqual(["x"]);
    expect(await second.load("b")).toBe(1);
    await second.flush();
    expect((await second.verify()).problems).toEqual([]);
  });

  it("deleted under a running process, saves are refused rather than lost", async () => {
    const root = temporaryRoot();
    const storage = await openStorage(filesystem({ root, watch: false }));
    await storage.save("a", 1);
    await storage.flush();
    rmSync(join(root, ".holdfast"), { recursive: true });
    await expect(storage.save("a", 2)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(storage.close()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const again = await openRoot(root);
    expect(await again.load("a")).toBe(1);
  });

  it("tells how far it has come on a large tree", async () => {
    const root = temporaryRoot();
    for (let index = 0; index < 2_500; index++) writeText(root, `n${index}.json`, String(index));
    const seen: number[] = [];
    const storage = await openRoot(root, { onProgress: ({ files }) => seen.push(files), watch: false });
    expect(await storage.count()).toBe(2_500);
    expect(seen.slice(0, 2)).toEqual([1_000, 2_000]);
    expect(seen.at(-1)).toBe(2_500);
    await storage.flush();
  }, 60_000);
});

describe("previous versions", () => {
  const versionsOf = (root: string, path: string) => {
    try {
      return readdirSync(join(root, ".holdfast/versions", path)).sort();
    } catch {
      return [];
    }
  };

  it("rotate as readable files, three unless history says otherwise", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    for (let n = 0; n < 6; n++) {
      await storage.save("a", n);
      await storage.flush();
    }
    const files = versionsOf(root, "a.json");
    expect(files.map((file) => readText(root, `.holdfast/versions/a.json/${file}`))).toEqual(["2", "3", "4"]);
    const history = await storage.history("a");
    expect(history.map(({ version }) => version).reverse()).toEqual(
      files.map((file) => /-(.*)\.json$/.exec(file)?.[1]),
    );
  });

  it("of large items are their files, and come back from them", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    const body = (fill: number) => new Uint8Array(1_500_000).fill(fill);
    const first = await storage.save("big", body(1));
    await storage.flush();
    const second = await storage.save("big", body(2));
    const third = await storage.save("big", body(3));
    await storage.flush();
    expect(await storage.load("big", { version: first.version })).toEqual(body(1));
    expect(await storage.load("big", { version: second.version })).toEqual(body(2));
    expect(await storage.load("big", { version: third.version })).toEqual(body(3));
    await storage.restore("big", first.version);
    expect(await storage.load("big")).toEqual(body(1));
    await storage.flush();
    expect((await storage.verify()).problems).toEqual([]);
    expect(readdirSync(join(root, ".holdfast/bodies"))).toEqual([]);
  });

  it("are not kept where history is off", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, {}, { history: false });
    await storage.save("a", 1);
    await storage.flush();
    await storage.save("a", 2);
    await storage.flush();
    expect(versionsOf(root, "a.json")).toEqual([]);
  });

  it("go with age when the root is opened", async () => {
    const root = temporaryRoot();
    const first = await openRoot(root);
    await first.save("a", 1);
    await first.flush();
    await first.save("a", 2);
    await first.close();
    expect(versionsOf(root, "a.json").length).toBe(1);
    const clock = { now: () => Date.now() + 8 * DAY };
    const later = await openRoot(root, {}, { ports: { clock } });
    expect(await later.history("a")).toEqual([]);
    await until(() => versionsOf(root, "a.json").length === 0);
  });

  it("do not go with age by somebody who says nothing, where somebody has said what to keep", async () => {
    const root = temporaryRoot();
    const first = await openRoot(root, {}, { history: { versions: 5 } });
    await first.save("a", 1);
    await first.flush();
    await first.save("a", 2);
    await first.close();
    const clock = { now: () => Date.now() + 8 * DAY };
    const later = await openRoot(root, {}, { ports: { clock } });
    expect((await later.history("a")).length).toBe(1);
    await later.sweep();
    expect((await later.history("a")).length).toBe(1);
  });

  it("are not dropped by a write of somebody who says nothing, where somebody has said what to keep", async () => {
    const root = temporaryRoot();
    const app = await openRoot(root, {}, { history: { versions: 5 } });
    for (let value = 0; value < 6; value++) await app.save("a", value);
    await app.close();
    const silent = await openRoot(root);
    await silent.save("a", 6);
    expect((await silent.history("a")).length).toBe(6);
    await silent.delete("a");
    expect((await silent.history("a")).length).toBe(7);
    await silent.sweep();
    expect((await silent.history("a")).length).toBe(7);
    await silent.close();
    const again = await openRoot(root, {}, { history: { versions: 5 } });
    await again.save("a", 7);
    await again.save("a", 8);
    expect((await again.history("a")).length).toBe(5);
  });

  it("are not dropped by somebody who says nothing and had the root open before somebody said what to keep", async () => {
    const root = temporaryRoot();
    const clock = { now: () => Date.now() + 8 * DAY };
    const silent = await openRoot(root, {}, { ports: { clock } });
    await silent.save("b", 0);
    const app = await openRoot(root, {}, { history: { versions: 20 } });
    for (let value = 0; value < 8; value++) await app.save("a", value);
    await silent.save("a", 8);
    expect((await silent.history("a")).length).toBe(8);
    await silent.sweep();
    expect((await silent.history("a")).length).toBe(8);
  });
});

describe("a cache", () => {
  it("cleans itself by age and by size when it is opened", async () => {
    const root = temporaryRoot();
    let time = Date.now();
    const clock = { now: () => time };
    const first = await openRoot(root, {}, { ports: { clock } });
    for (const key of ["oldest", "old", "new", "newest"]) {
      await first.save(key, new Uint8Array(1_000));
      time += DAY;
    }
    await first.close();
    const second = await openRoot(root, { cache: { age: 3.5 * DAY } }, { ports: { clock } });
    expect((await second.list()).map(({ key }) => key)).toEqual(["new", "newest", "old"]);
    await second.close();
    const third = await openRoot(root, { cache: { size: 2_500 } }, { ports: { clock } });
    expect((await third.list()).map(({ key }) => key)).toEqual(["new", "newest"]);
    await third.flush();
    expect(filesIn(root).length).toBe(4);
  });

  it("is cleaned every ten minutes while it is open", async () => {
    const root = temporaryRoot();
    let time = Date.now();
    let due: (() => void) | undefined;
    const timers: Timers = {
      schedule(work, delay, urgency) {
        if (delay !== 600_000) return systemPorts.timers.schedule(work, delay, urgency);
        due = work;
        return () => {
          due = undefined;
        };
      },
    };
    const ports = { clock: { now: () => time }, timers };
    const storage = await openRoot(root, { watch: false, cache: { age: DAY } }, { ports });
    await storage.save("old", 1);
    time += DAY;
    await storage.save("young", 1);
    for (let round = 0; round < 2; round++) {
      expect(await storage.exists("old")).toBe(true);
      time += 600_000;
      const clean = due;
      due = undefined;
      clean?.();
      await until(() => due !== undefined);
      if (round === 0) await storage.save("old", 2);
      time += DAY - 600_000;
    }
    expect((await storage.list()).map(({ key }) => key)).toEqual(["old"]);
    await storage.close();
    expect(due).toBeUndefined();
  });
});
