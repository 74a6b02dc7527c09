import { openStorage, type StorageItem } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { collect, inPieces, keysOf, readAll } from "../collect.js";
import { exactValues, noise } from "../samples/values.js";
import { wrongConditions, wrongOptions } from "../samples/wrong-options.js";
import { persistence, type Theme } from "../suite.js";
import { refusesOptions } from "./refuses-options.js";
import { kept, numbered, open } from "./with-history.js";

const HOUR = 3_600_000;

/** The versions that later writes replaced: which are kept, for how long, and that they are whole. */
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
    kept("goes on through the lives of a key", async (context) => {
      const storage = await open(context);
      const first = await storage.save("k", 1);
      await storage.delete("k");
      const second = await storage.save("k", 2);
      await storage.save("k", 3);
      equal(await numbered(storage, [first, second]), ["2", "1"], "what is kept of both lives");
      equal(await storage.load("k", { version: first.version }), 1, "the value of the first life");
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
