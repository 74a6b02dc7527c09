import { openStorage, type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { collect, inPieces, keysOf, readAll } from "../collect.js";
import type { Context } from "../context.js";
import { exactValues, noise } from "../samples/values.js";
import { wrongConditions, wrongOptions } from "../samples/wrong-options.js";
import { bothOf, type Case, keepingVersions, type Need, persistence, type Theme } from "../suite.js";
import { refusesHistory } from "./refusals.js";
import { refusesOptions } from "./refuses-options.js";

const HOUR = 3_600_000;

/** The versions that later writes replaced: listed, loaded, compared and brought back. */
export const history: Theme = {
  name: "history",
  cases: [
    kept(
      "tells of every version that was replaced, by whichever operation, as its save told of it",
      async (context) => {
        const storage = await open(context);
        const items: StorageItem[] = [];
        const saved = (item: StorageItem | boolean | undefined) => {
          items.unshift(item as StorageItem);
          context.clock.advance(1_000);
        };
        saved(await storage.save("k", { a: 1 }, { tags: ["one", "two"], metadata: { deep: { list: [1, null] } } }));
        saved(await storage.save("k", "2020-01-01", { format: "yaml", expiration: context.clock.in(HOUR) }));
        saved(await storage.update<string>("k", (current = "") => `${current}!`));
        saved(await storage.saveStream("k", inPieces(noise(5_000), 900), { tags: ["bytes"] }));
        saved(await storage.save("k", "dull ".repeat(1_000), { compress: true }));
        if (context.capabilities.batch === "atomic") {
          const [item] = await storage.batch([
            { type: "save", key: "k", data: 5, options: { metadata: { by: "batch" } } },
          ]);
          saved(item);
        }
        saved(await storage.restore("k", defined(items.at(-1), "the first version").version));
        const now = context.clock.now();
        const replaced = items.map((_, index) => new Date(now - 1_000 * index));
        await storage.delete("k");
        const expected = items.map((item, index) => ({ ...item, replaced: replaced[index] }));
        equal(await storage.history("k"), expected, "what is kept once it is deleted");
        equal(await storage.history("never"), [], "what is kept of a key that never was");
      },
    ),
    kept("leaves out the version that stands, and what changed nothing", async (context) => {
      const storage = await open(context);
      const first = await storage.save("k", 1);
      equal(await storage.history("k"), [], "what is kept while the first version stands");
      const second = await storage.save("k", 2);
      await rejects("CONFLICT", "a save", () => storage.save("k", 3, { ifVersion: null }));
      await rejects("INVALID_VALUE", "a save", () => storage.save("k", Number.NaN));
      await rejects("CONFLICT", "a delete", () => storage.delete("k", { ifVersion: first.version }));
      await storage.update("k", () => undefined);
      equal(await numbered(storage, [first]), ["1"], "what is kept");
      equal((await storage.stat("k"))?.version, second.version, "the version that stands");
    }),
    kept("gives back every value exactly, from every format", async (context) => {
      const storage = await open(context, { versions: 1_000 });
      const values: [value: unknown, version: string][] = [];
      for (const format of ["json", "yaml"] as const) {
        for (const value of exactValues) values.push([value, (await storage.save("k", value, { format })).version]);
      }
      for (const size of [0, 1, 70_000]) {
        values.push([noise(size, size + 1), (await storage.save("k", noise(size, size + 1))).version]);
      }
      await storage.delete("k");
      for (const [value, version] of values)
        equal(await storage.load("k", { version }), value, "the value of a version");
      equal((await storage.history("k")).length, values.length, "how many versions are kept");
    }),
    kept(
      "gives back large bodies exactly, whole and streamed, however they were saved",
      async (context) => {
        const storage = await open(context);
        const bodies = [noise(1_048_576), noise(1_048_577, 2), noise(5_000_000, 3)];
        const versions: string[] = [];
        for (const body of bodies) {
          versions.push((await storage.save("k", body)).version);
          versions.push((await storage.saveStream("k", inPieces(body, 300_001))).version);
        }
        await storage.save("k", "small");
        for (const [index, version] of versions.entries()) {
          const body = bodies[index >> 1];
          equal(await storage.load("k", { version }), body, `version ${index}, loaded`);
          const stream = defined(await storage.loadStream("k", { version }), "the stream");
          equal(await readAll(stream), body, `version ${index}, streamed`);
        }
        equal((await storage.verify()).problems, [], "what verify finds");
      },
      undefined,
      true,
    ),
    kept("load of a version gives the one that stands, and undefined for what is not kept", async (context) => {
      const storage = await open(context);
      const old = await storage.save("k", "old");
      const standing = await storage.save("k", "standing");
      const other = await storage.save("other", "other");
      equal(await storage.load("k", { version: standing.version }), "standing", "the version that stands");
      equal(await storage.load("k", { version: old.version }), "old", "a kept version");
      const stream = defined(await storage.loadStream("k", { version: standing.version }), "the stream");
      equal(new TextDecoder().decode(await readAll(stream)), '"standing"', "the version that stands, streamed");
      for (const [key, version] of [
        ["k", other.version],
        ["never", old.version],
        ["k", "no version"],
        ["k", ""],
      ] as const) {
        equal(await storage.load(key, { version }), undefined, `the version ${version} of ${key}`);
        equal(await storage.loadStream(key, { version }), undefined, `the version ${version} of ${key}, streamed`);
        await rejects("NOT_FOUND", `restore of ${version} of ${key}`, () => storage.restore(key, version));
      }
      equal(await storage.list(), [standing, other], "what stands");
    }),
    kept("restore writes the old content as a new version, and what stood is kept", async (context) => {
      const storage = await open(context);
      const about = { tags: ["t"], metadata: { m: [1] }, expiration: context.clock.in(HOUR), compress: true };
      const old = await storage.save("k", { old: "text ".repeat(200) }, about);
      context.clock.advance(1_000);
      const standing = await storage.save("k", "x", { format: "yaml" });
      context.clock.advance(1_000);
      const restored = await storage.restore("k", old.version);
      ok(restored.version > standing.version, "the new version is above the one that stood");
      equal(restored, { ...old, version: restored.version, modified: context.clock.in(0) }, "the restored item");
      equal(await storage.stat("k"), restored, "what stands");
      equal(await storage.load("k"), { old: "text ".repeat(200) }, "the value that stands");
      equal(keysOf(await storage.search({ tags: ["t"] })), ["k"], "what is found by the old tag");
      const undone = await storage.restore("k", standing.version);
      equal([undone.tags, undone.format, await storage.load("k")], [[], "yaml", "x"], "the item once that is undone");
      equal(await storage.count({ tags: ["t"] }), 0, "what is found by the old tag once that is undone");
      equal(await numbered(storage, [old, standing, restored]), ["3", "2", "1"], "what is kept");
      const again = await storage.restore("k", undone.version);
      equal(await storage.load("k"), "x", "the value once what stands is restored");
      ok(again.version > undone.version, "restoring what stands is a write as well");
    }),
    kept("a deleted item can be restored, until it is swept", async (context) => {
      const storage = await open(context);
      const first = await storage.save("k", 1, { tags: ["t"] });
      context.clock.advance(1_000);
      const second = await storage.save("k", 2);
      await storage.delete("k");
      context.clock.advance(1_000);
      equal(keysOf(await storage.history("k")), ["k", "k"], "what is kept of the deleted key");
      const restored = await storage.restore("k", first.version, { ifVersion: null });
      equal([restored.created, restored.tags], [first.created, ["t"]], "created and tags of what is back");
      equal(await storage.load("k"), 1, "its value");
      equal(await storage.sweep(), 0, "how many expired items are swept");
      equal(await numbered(storage, [first, second]), ["2", "1"], "what is kept of a key that stands, once swept");
      await storage.delete("k");
      equal(await storage.sweep(), 0, "how many expired items are swept when one was deleted");
      equal(await storage.history("k"), [], "what is kept of a deleted key, once swept");
      equal(await storage.load("k", { version: second.version }), undefined, "a version that was swept");
      await rejects("NOT_FOUND", "restore", () => storage.restore("k", first.version));
      equal(await storage.exists("k"), false, "whether the key is there");
      await storage.save("k", "anew");
      equal(await storage.history("k"), [], "what is kept once the key is made anew");
    }),
    kept("goes on through the lives of a key", async (context) => {
      const storage = await open(context);
      const first = await storage.save("k", 1);
      await storage.delete("k");
      const second = await storage.save("k", 2);
      await storage.save("k", 3);
      equal(await numbered(storage, [first, second]), ["2", "1"], "what is kept of both lives");
      equal(await storage.load("k", { version: first.version }), 1, "the value of the first life");
    }),
    kept("restore compares like save", async (context) => {
      const storage = await open(context);
      const first = await storage.save("k", 1);
      const second = await storage.save("k", 2);
      for (const ifVersion of [null, first.version, "no version"]) {
        const error = await rejects("CONFLICT", `restore if ${ifVersion}`, () =>
          storage.restore("k", first.version, { ifVersion }),
        );
        equal([error.current, error.key], [second.version, "k"], "current and key");
      }
      equal(await storage.load("k"), 2, "the value that stands");
      equal(await numbered(storage, [first, second]), ["1"], "what is kept after refusals");
      await storage.restore("k", first.version, { ifVersion: second.version });
      equal(await storage.load("k"), 1, "the value that was restored");
      await storage.delete("k");
      const error = await rejects("CONFLICT", "restore of a deleted key if a version stands", () =>
        storage.restore("k", first.version, { ifVersion: second.version }),
      );
      equal(error.current, null, "current where nothing stands");
      await storage.restore("k", first.version, { ifVersion: null });
      equal(await storage.load("k"), 1, "the value that is back");
    }),
    kept("of many that restore and save on one version, exactly one wins", async (context) => {
      const openings = context.capabilities.compareAndSet === "none" ? 1 : 2;
      const storages = await Promise.all(Array.from({ length: openings }, () => open(context, { versions: 100 })));
      const [storage] = storages;
      ok(storage !== undefined, "a storage");
      const old = await storage.save("k", "old");
      const { version: ifVersion } = await storage.save("k", "standing");
      const outcomes = await Promise.allSettled(
        Array.from({ length: 30 }, (_, index) => {
          const racer = defined(storages[index % openings], "a storage");
          if (index % 3 === 0) return racer.save("k", `saved ${index}`, { ifVersion });
          return racer.restore("k", old.version, { ifVersion });
        }),
      );
      const winners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      equal(winners.length, 1, "how many won");
      for (const outcome of outcomes) {
        if (outcome.status === "fulfilled") continue;
        const error: unknown = outcome.reason;
        ok(StorageError.is(error, "CONFLICT"), `a loser gets CONFLICT, not ${String(error)}`);
        equal(error.current, winners[0]?.version, "the version that a loser is told");
      }
      equal(await storage.stat("k"), winners[0], "what stands");
      equal(
        (await storage.history("k")).map(({ version }) => version),
        [ifVersion, old.version],
        "what is kept",
      );
    }),
    kept("keeps each version once, in order, however many openings write at once", async (context) => {
      const storages = await Promise.all(Array.from({ length: 3 }, () => open(context, { versions: 1_000 })));
      const saved = await Promise.all(
        Array.from({ length: 90 }, async (_, index) => {
          const { version } = await defined(storages[index % 3], "a storage").save("k", index);
          return [version, index] as const;
        }),
      );
      const [reader] = storages;
      ok(reader !== undefined, "a storage");
      const standing = defined(await reader.stat("k"), "what stands");
      const versions = (await reader.history("k")).map(({ version }) => version);
      const expected = saved.map(([version]) => version).filter((version) => version !== standing.version);
      equal(versions, expected.sort().reverse(), "what is kept: all that were saved but the one that stands");
      for (const [version, value] of saved) equal(await reader.load("k", { version }), value, "the value of a version");
    }),
    kept("keeps as many as the setting says, the newest", async (context) => {
      for (const [setting, most] of [
        [{ versions: 3 }, 3],
        [{ versions: 1, age: HOUR }, 1],
        [true, 10],
        [{}, 10],
      ] as const) {
        const storage = await context.open({ settings: { history: setting } });
        const key = `kept ${most} ${JSON.stringify(setting)}`;
        const versions: string[] = [];
        for (let number = 0; number < 14; number++) versions.unshift((await storage.save(key, number)).version);
        const told = (await storage.history(key)).map(({ version }) => version);
        equal(told, versions.slice(1, most + 1), `what ${JSON.stringify(setting)} keeps`);
        equal(await storage.load(key, { version: versions[most + 1] }), undefined, "the version that made way");
        equal(await storage.load(key, { version: versions[most] }), 13 - most, "the oldest that is kept");
      }
    }),
    kept("sweep drops by age what was replaced or deleted, and counts expired items alone", async (context) => {
      const storage = await open(context, { versions: 10, age: HOUR });
      const first = await storage.save("k", 1);
      context.clock.advance(2 * HOUR);
      const second = await storage.save("k", 2);
      await storage.save("gone", 3);
      await storage.delete("gone");
      await storage.save("soon", 4, { expiration: context.clock.in(10) });
      context.clock.advance(HOUR);
      equal(await storage.sweep(), 1, "how many a sweep removes: the expired item");
      equal(await numbered(storage, [first, second]), ["1"], "what is kept at the very end of its age");
      equal((await storage.history("gone")).length, 1, "what is kept of a deleted key");
      context.clock.advance(1);
      equal(await storage.sweep(), 0, "how many a sweep removes behind it");
      equal(await storage.history("k"), [], "what is kept of a key that stands");
      equal(await storage.history("gone"), [], "what is kept of a deleted key, once it is old enough");
      equal(await storage.load("k"), 2, "what stands all the while");
    }),
    kept("brings nothing back that had to be gone: what has expired is in no history", async (context) => {
      const storage = await open(context);
      const soon = () => ({ expiration: context.clock.in(1_000) });
      const replacedInTime = await storage.save("k", "in time", soon());
      const late = await storage.save("k", "too late", soon());
      const swept = await storage.save("swept", "swept", soon());
      context.clock.advance(999);
      equal(
        (await storage.history("k")).map(({ version }) => version),
        [replacedInTime.version],
        "what is kept in time",
      );
      context.clock.advance(1);
      await storage.save("k", "new");
      equal(await storage.sweep(), 1, "how many are swept");
      const isGone = async (when: string) => {
        for (const [key, { version }] of [
          ["k", replacedInTime],
          ["k", late],
          ["swept", swept],
        ] as const) {
          equal(await storage.history(key), [], `what is kept of ${key} ${when}`);
          equal(await storage.load(key, { version }), undefined, `an expired version ${when}`);
          await rejects("NOT_FOUND", `restore of it ${when}`, () => storage.restore(key, version));
        }
      };
      await isGone("once it has expired");
      context.clock.advance(-900);
      await isGone("when the clock is set back");
    }),
    kept("diff tells what became of a value, by its path", async (context) => {
      const storage = await open(context);
      const before = { name: "a", list: [1, 2, { deep: true }], gone: null, same: { x: 1 } };
      const after = { name: "b", list: [1, 3, { deep: true, more: "m" }, 4], same: { x: 1 }, fresh: [] };
      const old = await storage.save("k", before, { compress: true });
      const middle = await storage.save("k", after, { format: "yaml" });
      const differences = [
        { path: ["fresh"], type: "added", after: [] },
        { path: ["gone"], type: "removed", before: null },
        { path: ["list", 1], type: "changed", before: 2, after: 3 },
        { path: ["list", 2, "more"], type: "added", after: "m" },
        { path: ["list", 3], type: "added", after: 4 },
        { path: ["name"], type: "changed", before: "a", after: "b" },
      ];
      equal(await storage.diff("k", old.version), differences, "the old version against what stands");
      await storage.save("k", after);
      equal(await storage.diff("k", old.version, middle.version), differences, "two old versions");
      equal(await storage.diff("k", middle.version), [], "equal values in two formats");
      const bytes = await storage.save("k", noise(10));
      await rejects("UNSUPPORTED", "diff of bytes", () => storage.diff("k", bytes.version, old.version));
      await rejects("NOT_FOUND", "diff of no version", () => storage.diff("k", "none"));
      await rejects("NOT_FOUND", "diff with no version", () => storage.diff("k", old.version, "none"));
      await storage.delete("k");
      await rejects("NOT_FOUND", "diff with what does not stand", () => storage.diff("k", old.version));
      equal(await storage.diff("k", old.version, middle.version), differences, "two versions of a deleted key");
    }),
    kept("is seen through no other operation", async (context) => {
      const storage = await open(context);
      const before = await storage.getInfo();
      await storage.save("k", "old", { tags: ["old"], metadata: { word: "withered" } });
      const standing = await storage.save("k", "new");
      await storage.save("gone", "gone", { tags: ["old"] });
      await storage.delete("gone");
      equal(await storage.list(), [standing], "the list");
      equal(keysOf(await collect(storage.scan())), ["k"], "the scan");
      for (const query of [{ tags: ["old"] }, { text: "withered" }, { where: { word: "withered" } }]) {
        equal(await storage.search(query), [], `what ${JSON.stringify(query)} finds`);
        equal(await storage.count(query), 0, `how many match ${JSON.stringify(query)}`);
      }
      equal(await storage.count(), 1, "how many items there are");
      const info = await storage.getInfo();
      equal([info.items - before.items, info.bytes - before.bytes], [1, standing.storedSize], "items and bytes");
      equal((await storage.verify()).items, 1, "how many items verify reads");
    }),
    kept("switched off keeps nothing and has nothing", async (context) => {
      const storage = await context.open({ settings: { history: false } });
      const old = await storage.save("k", 1);
      const standing = await storage.save("k", 2);
      equal(await storage.history("k"), [], "what is kept");
      equal(await storage.load("k", { version: old.version }), undefined, "the old version");
      equal(await storage.load("k", { version: standing.version }), 2, "the version that stands");
      await rejects("NOT_FOUND", "restore", () => storage.restore("k", old.version));
      const other = await open(context);
      equal(await other.history("k"), [], "what another opening finds kept");
      await other.save("k", 3);
      equal(keysOf(await other.history("k")), ["k"], "what it keeps itself");
      await storage.sweep();
      equal(await other.history("k"), [], "what is left once the one without history has swept");
    }),
    kept("in a namespace has its keys, and its sweep stays below it", async (context) => {
      const storage = await open(context);
      const [view, other] = [storage.namespace("no_es"), storage.namespace("noXes")];
      for (const each of [view, other]) {
        await each.save("k", 1);
        await each.delete("k");
      }
      const [item] = await view.history("k");
      equal(item?.key, "k", "the key of a kept version");
      equal(keysOf(await storage.history("no_es/k")), ["no_es/k"], "its key as the whole has it");
      await view.sweep();
      equal(await view.history("k"), [], "what is kept below the namespace that was swept");
      const version = defined((await other.history("k"))[0], "what is kept beside it").version;
      equal((await other.restore("k", version)).key, "k", "the key of what is restored");
      equal(await storage.load("noXes/k"), 1, "its value as the whole has it");
    }),
    kept(
      "is there after reopening",
      async (context) => {
        const storage = await open(context);
        const first = await storage.save("k", { first: true }, { tags: ["t"] });
        await storage.saveStream("k", inPieces(noise(2_000_000), 100_000));
        await storage.delete("k");
        const before = await storage.history("k");
        const reopened = await context.reopen({ settings: { history: { versions: 100 } } });
        equal(await reopened.history("k"), before, "what is kept");
        equal(
          await reopened.load("k", { version: before[0]?.version }),
          noise(2_000_000),
          "the value of the second version",
        );
        await reopened.restore("k", first.version);
        equal(
          [await reopened.load("k"), (await reopened.stat("k"))?.tags],
          [{ first: true }, ["t"]],
          "what is restored",
        );
      },
      persistence,
    ),
    kept("takes no wrong arguments, and changes nothing then", async (context) => {
      const storage = await open(context);
      const { version } = await storage.save("k", 1);
      const standing = await storage.save("k", 2);
      for (const wrong of [undefined, null, 1, {}, [version]] as never[]) {
        await rejects("INVALID_OPTION", "restore of no version string", () => storage.restore("k", wrong));
        await rejects("INVALID_OPTION", "diff of no version string", () => storage.diff("k", wrong));
        if (wrong === undefined) continue;
        await rejects("INVALID_OPTION", "load of no version string", () => storage.load("k", { version: wrong }));
      }
      await refusesOptions("history", wrongOptions, (options) => storage.history("k", options));
      await refusesOptions("restore", [...wrongOptions, ...wrongConditions], (options) =>
        storage.restore("k", version, options),
      );
      await refusesOptions("diff", wrongOptions, (options) => storage.diff("k", version, undefined, options));
      for (const setting of [
        0,
        1,
        "10",
        null,
        [],
        { versions: 0 },
        { versions: -1 },
        { versions: 1.5 },
        { age: -1 },
        { age: "1" },
        { keep: 3 },
      ]) {
        await rejects("INVALID_OPTION", `the setting ${JSON.stringify(setting)}`, () =>
          openStorage(context.backing.adapter(), { history: setting as never }),
        );
      }
      equal(await storage.stat("k"), standing, "what stands");
    }),
    kept("belongs to who asked: spoiling an answer spoils nothing else", async (context) => {
      const storage = await open(context);
      const { version } = await storage.save("k", { list: [1] }, { tags: ["t"], metadata: { m: [1] } });
      await storage.save("k", 2);
      const before = structuredClone(await storage.history("k"));
      for (const item of await storage.history("k")) {
        item.tags.push("spoilt");
        Object.assign(item.metadata, { m: "spoilt" });
        Object.assign(item, { key: "spoilt" });
      }
      const value = defined(await storage.load<{ list: number[] }>("k", { version }), "the value");
      value.list.push(2);
      equal(await storage.history("k"), before, "what is kept afterwards");
      equal(await storage.load("k", { version }), { list: [1] }, "the value afterwards");
    }),
  ],
};

function kept(name: string, run: Case["run"], also?: Need, once?: true): Case {
  const needs = also === undefined ? keepingVersions : bothOf(keepingVersions, also);
  return { name, needs, run, otherwise: withoutHistory, ...(once && { once }) };
}

async function withoutHistory(context: Context): Promise<void> {
  if (context.capabilities.history === "none") return refusesHistory(context);
  const storage = await open(context);
  const item = await storage.save("k", 1);
  await storage.save("k", 2);
  equal(await numbered(storage, [item]), ["1"], "what is kept where something else is missing");
}

function open(
  context: Context,
  history: { versions: number; age?: number } = { versions: 100 },
): Promise<StorageEngine> {
  return context.open({ settings: { history } });
}

/** The kept versions of `k` as the numbers of these items, counted from 1. */
async function numbered(storage: StorageEngine, items: readonly StorageItem[]): Promise<string[]> {
  const kept = await storage.history("k");
  return kept.map(({ version }) => {
    const index = items.findIndex((item) => item.version === version);
    return index < 0 ? `unknown ${version}` : String(index + 1);
  });
}
