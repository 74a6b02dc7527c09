import { StorageError } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { keysOf } from "../collect.js";
import { noise } from "../samples/values.js";
import type { Theme } from "../suite.js";
import { kept, numbered, open } from "./with-history.js";

const HOUR = 3_600_000;

/** What is done with previous versions: they are brought back and compared. */
export const restore: Theme = {
  name: "restore and diff",
  cases: [
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
  ],
};
