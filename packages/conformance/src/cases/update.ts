import { defined, equal, ok, rejection, rejects } from "../assert.js";
import { inPieces } from "../collect.js";
import { racingWriters, type Theme } from "../suite.js";

export const update: Theme = {
  name: "update",
  cases: [
    {
      name: "changes the value and keeps what its options do not name",
      async run(context) {
        const storage = await context.open();
        const expiration = context.clock.in(60_000);
        const about = { tags: ["t"], metadata: { m: { n: 1 } }, expiration };
        const before = await storage.save("k", { n: 1 }, { ...about, format: "yaml", compress: false });
        context.clock.advance(1_000);
        const after = defined(
          await storage.update<{ n: number }>("k", (current) => ({ n: (current?.n ?? 0) + 1 })),
          "the item",
        );
        equal(await storage.load("k"), { n: 2 }, "the value");
        equal(
          [after.tags, after.metadata, after.expiration, after.format, after.compressed, after.created, after.modified],
          [["t"], { m: { n: 1 } }, expiration, "yaml", false, before.created, context.clock.in(0)],
          "tags, metadata, expiration, format, compressed, created and modified",
        );
        equal(await storage.stat("k"), after, "stat");
      },
    },
    {
      name: "replaces what its options name, and null takes the expiration away",
      async run(context) {
        const storage = await context.open();
        const about = { tags: ["t"], metadata: { m: 1, kept: 2 }, expiration: context.clock.in(1_000) };
        await storage.save("k", 1, about);
        const item = defined(
          await storage.update("k", () => 2, { tags: ["u"], metadata: { only: 1 }, expiration: null, format: "yaml" }),
          "the item",
        );
        equal([item.tags, item.metadata, item.format], [["u"], { only: 1 }, "yaml"], "tags, metadata and format");
        ok(!("expiration" in item), "the expiration is gone");
        const moved = defined(
          await storage.update("k", () => 3, { expiration: context.clock.in(5_000), tags: [] }),
          "the item",
        );
        equal([moved.expiration, moved.tags, moved.metadata], [context.clock.in(5_000), [], { only: 1 }], "the item");
        context.clock.advance(2_000);
        equal(await storage.load("k"), 3, "the value after the first expiration");
      },
    },
    {
      name: "keeps compression as it stands unless it is named",
      async run(context) {
        const storage = await context.open();
        const dull = "dull ".repeat(1_000);
        for (const compress of [true, false]) {
          await storage.save("k", dull, { compress });
          equal((await storage.update("k", () => `${dull}!`))?.compressed, compress, "compressed after an update");
          const named = await storage.update("k", () => `${dull}?`, { compress: !compress });
          equal(named?.compressed, !compress, "compressed after an update that names it");
          equal(await storage.load("k"), `${dull}?`, "the value");
        }
      },
    },
    {
      name: "creates what is absent",
      async run(context) {
        const storage = await context.open();
        const given: unknown[] = [];
        const item = await storage.update(
          "k",
          (...current) => {
            given.push(...current);
            return { fresh: true };
          },
          { tags: ["t"] },
        );
        equal(given, [undefined, undefined], "what the function was given");
        equal(await storage.load("k"), { fresh: true }, "the value");
        equal([item?.tags, item?.created], [["t"], context.clock.in(0)], "the item");
      },
    },
    {
      name: "gives the function the value and the item that stand",
      async run(context) {
        const storage = await context.open();
        const item = await storage.save("k", { a: [1] }, { tags: ["t"] });
        let given: unknown[] = [];
        await storage.update("k", (...current) => {
          given = current;
          return 1;
        });
        equal(given, [{ a: [1] }, item], "what the function was given");
        const bytes = await storage.saveStream("bytes", inPieces(new Uint8Array([1, 2]), 1));
        await storage.update("bytes", (...current) => {
          given = current;
          return new Uint8Array([3]);
        });
        equal(given, [new Uint8Array([1, 2]), bytes], "what the function was given of bytes");
        equal(await storage.load("bytes"), new Uint8Array([3]), "the bytes");
      },
    },
    {
      name: "leaves everything as it is when the function returns undefined",
      async run(context) {
        const storage = await context.open();
        const item = await storage.save("k", { a: [1] }, { tags: ["t"] });
        context.clock.advance(1_000);
        const spoil = (current: { a: number[] } | undefined) => {
          current?.a.push(2);
          return undefined;
        };
        equal(await storage.update("k", spoil, { tags: ["other"] }), item, "what update returned");
        equal(await storage.update("absent", () => undefined), undefined, "what update of an absent key returned");
        equal(await storage.list(), [item], "the items");
        equal(await storage.load("k"), { a: [1] }, "the value");
      },
    },
    {
      name: "writes nothing of what the function changes in the item that it is given",
      async run(context) {
        const storage = await context.open();
        const about = { tags: ["t"], metadata: { m: { n: 1 } }, expiration: context.clock.in(60_000) };
        await storage.save("k", 1, about);
        const item = await storage.update<number>("k", (current, standing) => {
          standing?.tags.push("spoilt");
          (standing?.metadata["m"] as { n: number }).n = 2;
          standing?.expiration?.setTime(0);
          return (current ?? 0) + 1;
        });
        equal(
          [item?.tags, item?.metadata, item?.expiration],
          [["t"], { m: { n: 1 } }, about.expiration],
          "what was kept",
        );
        equal(await storage.stat("k"), item, "stat");
      },
    },
    {
      name: "waits for a function that takes its time, and starts again when somebody wrote meanwhile",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1, { tags: ["first"] });
        const seen: unknown[] = [];
        const item = await storage.update<number>("k", async (current, standing) => {
          seen.push([current, standing?.tags]);
          if (seen.length === 1) await storage.save("k", 10, { tags: ["second"] });
          return (current ?? 0) + 1;
        });
        equal(
          seen,
          [
            [1, ["first"]],
            [10, ["second"]],
          ],
          "what the function was given each time",
        );
        equal(await storage.load("k"), 11, "the value");
        equal(item?.tags, ["second"], "the tags, kept from the last write");
      },
    },
    {
      name: "starts again when the item was deleted or created meanwhile",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1);
        const seen: unknown[] = [];
        await storage.update<number>("k", async (current) => {
          seen.push(current);
          if (seen.length === 1) await storage.delete("k");
          if (seen.length === 2) await storage.save("k", 5);
          return (current ?? 100) + 1;
        });
        equal(seen, [1, undefined, 5], "what the function was given each time");
        equal(await storage.load("k"), 6, "the value");
      },
    },
    {
      name: "an error of the function comes out as it is, and nothing is written",
      async run(context) {
        const storage = await context.open();
        const item = await storage.save("k", 1);
        const own = new RangeError("my own");
        const thrown = await rejection("update", () => {
          return storage.update("k", () => {
            throw own;
          });
        });
        ok(thrown === own, `the very error comes out, not ${String(thrown)}`);
        ok(
          (await rejection("update", () => storage.update("k", () => Promise.reject(own)))) === own,
          "also from a promise",
        );
        equal(await storage.list(), [item], "what stands");
      },
    },
    {
      name: "a value that cannot be held is refused, and the old one stays",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1);
        await rejects("INVALID_VALUE", "update", () => storage.update<unknown>("k", () => Number.NaN));
        equal(await storage.load("k"), 1, "the value");
      },
    },
    {
      name: "a counter raced by many updates counts each",
      async run(context) {
        const storage = await context.open();
        const increment = () => storage.update<number>("counter", (current = 0) => current + 1, { tags: ["counted"] });
        await Promise.all(Array.from({ length: 30 }, increment));
        equal(await storage.load("counter"), 30, "the count");
      },
    },
    {
      name: "a counter raced through two openings counts each",
      needs: racingWriters,
      async otherwise(context) {
        const [one, other] = [await context.open(), await context.open()];
        for (const storage of [one, other, one]) await storage.update<number>("counter", (current = 0) => current + 1);
        equal(await other.load("counter"), 3, "the count of updates one after the other");
      },
      async run(context) {
        const storages = [await context.open(), await context.open()];
        const increment = (_: unknown, index: number) =>
          defined(storages[index % 2], "a storage").update<number>("counter", (current = 0) => current + 1);
        await Promise.all(Array.from({ length: 20 }, increment));
        for (const storage of storages) equal(await storage.load("counter"), 20, "the count");
      },
    },
  ],
};
