import { defined, equal, ok } from "../assert.js";
import { inPieces } from "../collect.js";
import { ManualClock } from "../manual-clock.js";
import { atomicBatches, persistence, type Theme } from "../suite.js";
import { opensEmpty, refusesBatches } from "./refusals.js";

const HOUR = 3_600_000;

export const versions: Theme = {
  name: "versions",
  cases: [
    {
      name: "every write of a key has a greater version, even within one instant",
      async run(context) {
        const storage = await context.open();
        const seen: string[] = [];
        for (let round = 0; round < 50; round++) {
          seen.push((await storage.save("k", round)).version);
          seen.push(defined(await storage.update("k", () => -round), "the updated item").version);
          seen.push((await storage.saveStream("k", inPieces(new Uint8Array(round), 10))).version);
          if (round % 10 === 0) await storage.delete("k");
        }
        ordered(seen);
      },
    },
    {
      name: "writes in a batch have versions of their own, above what stood",
      needs: atomicBatches,
      otherwise: refusesBatches,
      async run(context) {
        const storage = await context.open();
        const before = [(await storage.save("a", 1)).version, (await storage.save("b", 1)).version];
        const results = await storage.batch([
          { type: "save", key: "a", data: 2 },
          { type: "save", key: "b", data: 2 },
        ]);
        const after = results.map((result) => (typeof result === "object" ? result.version : ""));
        ok(after[0] !== after[1], "two writes have two versions");
        for (const [index, version] of after.entries()) ordered([before[index] ?? "", version]);
      },
    },
    {
      name: "no version is given to two items",
      async run(context) {
        const [one, other] = [await context.open(), await context.open()];
        const saves = Array.from({ length: 300 }, (_, index) => (index % 2 ? one : other).save(`k${index}`, index));
        const given = (await Promise.all(saves)).map((item) => item.version);
        equal(new Set(given).size, 300, "distinct versions");
      },
    },
    {
      name: "a save after a delete has a greater version than anything before",
      async run(context) {
        const storage = await context.open();
        const { version } = await storage.save("k", 1);
        await storage.delete("k");
        await storage.delete("k");
        const again = await storage.save("k", 1);
        ordered([version, again.version]);
      },
    },
    {
      name: "a clock set back does not lower versions",
      async run(context) {
        const storage = await context.open();
        const seen = [(await storage.save("k", 1)).version];
        context.clock.advance(-HOUR);
        seen.push((await storage.save("k", 2)).version);
        await storage.delete("k");
        context.clock.advance(-HOUR);
        seen.push((await storage.save("k", 3)).version);
        ordered(seen);
        equal(await storage.load("k"), 3, "the value");
      },
    },
    {
      name: "an opening whose clock is behind still overwrites, with greater versions",
      async run(context) {
        const ahead = await context.open({ clock: new ManualClock(context.clock.now() + HOUR) });
        const behind = await context.open({ clock: new ManualClock(context.clock.now() - HOUR) });
        const seen: string[] = [];
        for (let round = 0; round < 5; round++) {
          seen.push((await ahead.save("k", "ahead")).version);
          seen.push((await behind.save("k", "behind")).version);
          equal(await ahead.load("k"), "behind", "the value written by the one behind");
          seen.push(defined(await behind.update("k", () => "updated"), "the updated item").version);
        }
        ordered(seen);
        await ahead.save("k", "ahead");
        equal(await behind.delete("k"), true, "a delete by the one behind");
        seen.push((await behind.save("k", "again")).version);
        ordered(seen);
      },
    },
    {
      name: "versions go on upwards after reopening with the clock set back, also over deleted items",
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        const storage = await context.open();
        const kept = (await storage.save("kept", 1)).version;
        const gone = (await storage.save("gone", 1)).version;
        await storage.delete("gone");
        context.clock.advance(-24 * HOUR);
        const reopened = await context.reopen();
        const greatest = [kept, gone].sort().at(-1) ?? "";
        // The new key first: the others would show the clock where it stands.
        for (const key of ["new", "gone", "kept"]) ordered([greatest, (await reopened.save(key, 2)).version]);
      },
    },
  ],
};

function ordered(seen: readonly string[]): void {
  for (const [index, version] of seen.entries()) {
    const before = seen[index - 1];
    ok(before === undefined || version > before, `the later version ${version} is above ${before}`);
  }
}
