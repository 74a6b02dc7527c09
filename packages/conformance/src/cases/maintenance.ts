import type { Progress } from "@holdfast/core";
import { equal, ok } from "../assert.js";
import { inPieces } from "../collect.js";
import { noise } from "../samples/values.js";
import type { Theme } from "../suite.js";

export const maintenance: Theme = {
  name: "verify, repair, flush and info",
  cases: [
    {
      name: "a sound store verifies, and nothing is left to repair",
      async run(context) {
        const storage = await context.open();
        await storage.save("a/1", { a: 1 }, { tags: ["t"], metadata: { m: 1 } });
        await storage.save("a/2", "2", { format: "yaml" });
        await storage.save("a/3", noise(100_000), { compress: true });
        await storage.saveStream("b/1", inPieces(noise(1_500_000), 40_000));
        await storage.save("b/2", "dull ".repeat(10_000), { compress: true });
        await storage.save("expired", 1, { expiration: context.clock.in(-1) });
        await storage.save("deleted", 1);
        await storage.delete("deleted");
        const before = await storage.list();
        const bytes = before.reduce((sum, item) => sum + item.storedSize, 0);
        equal(await storage.verify(), { ok: true, items: 5, bytes, problems: [] }, "the report");
        equal((await storage.verify("a/")).items, 3, "items below a prefix");
        equal((await storage.verify("none")).items, 0, "items below a prefix of nothing");
        equal(await storage.repair(), { repaired: [], remaining: [] }, "what repair did");
        equal(await storage.list(), before, "the items afterwards");
      },
    },
    {
      name: "an empty store verifies",
      async run(context) {
        const storage = await context.open();
        equal(await storage.verify(), { ok: true, items: 0, bytes: 0, problems: [] }, "the report");
      },
    },
    {
      name: "verify tells of its progress, up to the end",
      async run(context) {
        const storage = await context.open();
        for (let index = 0; index < 30; index++) await storage.save(`k${index}`, index);
        const told: Progress[] = [];
        const report = await storage.verify("", { progress: (progress) => told.push(progress) });
        const last = told.at(-1);
        ok(last !== undefined, "progress is told");
        equal([last.items, last.bytes], [report.items, report.bytes], "the last progress told");
        equal([last.totalItems, last.totalBytes], [report.items, report.bytes], "what there is in all");
        ok(
          told.every((each, index) => each.items >= (told[index - 1]?.items ?? 0)),
          "progress never goes back",
        );
      },
    },
    {
      name: "flush resolves, and what was acknowledged stays",
      async run(context) {
        const storage = await context.open();
        await storage.flush();
        await storage.save("k", 1);
        await storage.flush();
        equal(await storage.load("k"), 1, "the value");
      },
    },
    {
      name: "compact resolves, and everything that can be read is as it was",
      async run(context) {
        const storage = await context.open();
        await storage.compact();
        const large = noise(1_500_000);
        for (let index = 0; index < 40; index++) {
          await storage.save(`k/${index}`, index, { tags: [`t${index % 3}`], metadata: { word: `w${index}` } });
        }
        await storage.save("large", large);
        await storage.save("other", noise(1_500_000));
        for (const key of ["other", "k/3", "k/4", "k/5"]) await storage.delete(key);
        const cursor = (await storage.getInfo()).cursor;
        const before = await storage.list();
        await storage.compact();
        equal(await storage.list(), before, "the items");
        equal(await storage.load("large"), large, "a large value");
        equal(
          (await storage.search({ text: "w7" })).map(({ key }) => key),
          ["k/7"],
          "what a word finds",
        );
        equal(await storage.count({ tags: ["t0"] }), 13, "how many have a tag");
        equal((await storage.verify()).problems, [], "the problems");
        equal((await storage.getInfo()).cursor, cursor, "the place in the feed");
        const again = await storage.save("k/3", "again", { ifVersion: null });
        ok(
          before.every(({ version }) => version < again.version),
          "what comes later has a greater version",
        );
      },
    },
    {
      name: "getInfo counts living items and their stored bytes, and names the adapter",
      async run(context) {
        const storage = await context.open();
        const before = await storage.getInfo();
        const one = await storage.save("one", noise(1_000));
        await storage.save("two", "x");
        const two = await storage.save("two", "dull ".repeat(1_000), { compress: true });
        await storage.save("expired", noise(500), { expiration: context.clock.in(-1) });
        await storage.save("deleted", noise(500));
        await storage.delete("deleted");
        const info = await storage.getInfo();
        equal(info.adapter, context.backing.adapter().name, "the adapter's name");
        equal(info.items - before.items, 2, "items");
        equal(info.bytes - before.bytes, one.storedSize + two.storedSize, "bytes");
        for (const [name, value] of Object.entries(info.details)) {
          ok(
            ["string", "number", "boolean"].includes(typeof value),
            `the detail ${name} is a string, a number or a boolean`,
          );
        }
      },
    },
  ],
};
