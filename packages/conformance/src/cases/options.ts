import { equal, ok, rejects } from "../assert.js";
import { collect, inPieces, readAll } from "../collect.js";
import { naughtyTexts } from "../samples/keys.js";
import { noise } from "../samples/values.js";
import {
  wrongConditions,
  wrongOptions,
  wrongPages,
  wrongQueries,
  wrongRanges,
  wrongSaveOptions,
} from "../samples/wrong-options.js";
import type { Theme } from "../suite.js";
import { refusesOptions } from "./refuses-options.js";

export const options: Theme = {
  name: "options",
  cases: [
    {
      name: "wrong save options are refused by save, update and saveStream, and nothing is written",
      async run(context) {
        const storage = await context.open();
        const standing = await storage.save("k", 1);
        await refusesOptions("save", [...wrongSaveOptions, ...wrongConditions], (wrong) => storage.save("k", 2, wrong));
        await refusesOptions("update", wrongSaveOptions, (wrong) => storage.update("k", () => 2, wrong));
        await refusesOptions("update", [["ifVersion", { ifVersion: standing.version }]], (wrong) =>
          storage.update("k", () => 2, wrong),
        );
        await refusesOptions(
          "saveStream",
          [...wrongSaveOptions.filter(([, wrong]) => !isFormat(wrong)), ...wrongConditions],
          (wrong) => storage.saveStream("k", inPieces(new Uint8Array(2), 1), wrong),
        );
        await refusesOptions("saveStream", [["a format", { format: "binary" }]], (wrong) =>
          storage.saveStream("k", inPieces(new Uint8Array(2), 1), wrong),
        );
        equal(await storage.list(), [standing], "what stands afterwards");
      },
    },
    {
      name: "wrong options are refused by every other operation",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1);
        await refusesOptions("load", wrongOptions, (wrong) => storage.load("k", wrong));
        await refusesOptions("stat", wrongOptions, (wrong) => storage.stat("k", wrong));
        await refusesOptions("exists", wrongOptions, (wrong) => storage.exists("k", wrong));
        await refusesOptions("delete", [...wrongOptions, ...wrongConditions], (wrong) => storage.delete("k", wrong));
        await refusesOptions("delete", [["ifVersion null", { ifVersion: null }]], (wrong) =>
          storage.delete("k", wrong),
        );
        await refusesOptions("loadStream", wrongOptions, (wrong) => storage.loadStream("k", wrong));
        await refusesOptions("list", [...wrongOptions, ...wrongRanges], (wrong) => storage.list("", wrong));
        await refusesOptions("scan", [...wrongOptions, ["a limit", { limit: 1 }]], (wrong) =>
          collect(storage.scan("", wrong)),
        );
        await refusesOptions("verify", wrongOptions, (wrong) => storage.verify("", wrong));
        await refusesOptions("repair", wrongOptions, (wrong) => storage.repair(wrong));
        await refusesOptions("sweep", wrongOptions, (wrong) => storage.sweep(wrong));
        await refusesOptions("flush", wrongOptions, (wrong) => storage.flush(wrong));
        await refusesOptions("compact", wrongOptions, (wrong) => storage.compact(wrong));
        await refusesOptions("getInfo", wrongOptions, (wrong) => storage.getInfo(wrong));
        equal(await storage.load("k"), 1, "the item afterwards");
      },
    },
    {
      name: "wrong queries are refused by search and count",
      async run(context) {
        const storage = await context.open();
        await refusesOptions("search", [...wrongQueries, ...wrongPages], (wrong) => storage.search(wrong));
        await refusesOptions("count", wrongQueries, (wrong) => storage.count(wrong));
      },
    },
    {
      name: "wrong arguments that are no options are refused",
      async run(context) {
        const storage = await context.open();
        const none = undefined as never;
        await rejects("INVALID_OPTION", "update without a function", () => storage.update("k", none));
        await rejects("INVALID_VALUE", "saveStream without a source", () => storage.saveStream("k", none));
        await rejects("INVALID_VALUE", "saveStream of a string", () => storage.saveStream("k", "bytes" as never));
        equal(await storage.list(), [], "what was written");
      },
    },
    {
      name: "metadata that JSON cannot hold exactly is refused, naming the place",
      async run(context) {
        const storage = await context.open();
        const inner: readonly unknown[] = [Number.NaN, new Date(0), 1n, new Map(), () => 1, [undefined]];
        for (const value of inner) {
          const metadata = { outer: { inner: value } } as never;
          const error = await rejects("INVALID_VALUE", "metadata that JSON cannot hold", () =>
            storage.save("k", 1, { metadata }),
          );
          ok(error.message.includes("inner"), `the refusal names the place: ${error.message}`);
        }
        equal(await storage.list(), [], "what was written");
      },
    },
    {
      name: "an option that is undefined is as if it were not there",
      async run(context) {
        const storage = await context.open();
        const nothing = {
          format: undefined,
          compress: undefined,
          metadata: undefined,
          expiration: undefined,
          tags: undefined,
        };
        const { version, ...bare } = await storage.save("k", "x");
        const { version: _, ...item } = await storage.save("k", "x", {
          ...nothing,
          ifVersion: undefined,
          signal: undefined,
        });
        equal(item, bare, "the item");
        equal(
          (await storage.list("", { after: undefined, limit: undefined, signal: undefined })).length,
          1,
          "items listed",
        );
        const unasked = { prefix: undefined, text: undefined, tags: undefined, where: undefined, sort: undefined };
        equal((await storage.search({ ...unasked, limit: undefined, offset: undefined })).length, 1, "items found");
        await storage.update("k", () => "y", nothing);
        equal(await storage.load("k", { signal: undefined }), "y", "the value");
        equal(await storage.delete("k", { ifVersion: undefined }), true, "delete");
        ok(version.length > 0, "there was a version");
      },
    },
    {
      name: "tags come back once each, in the order in which they were given",
      async run(context) {
        const storage = await context.open();
        const item = await storage.save("k", 1, { tags: ["b", "a", "b", "A", "a", "é", "e\u0301"] });
        equal(item.tags, ["b", "a", "A", "é", "e\u0301"], "the tags that save returned");
        equal((await storage.stat("k"))?.tags, item.tags, "the tags stored");
        equal(await storage.count({ tags: ["b", "b"] }), 1, "items with a tag that was given twice");
      },
    },
    {
      name: "any text makes a tag, and finds exactly what carries it",
      async run(context) {
        const storage = await context.open();
        const tags = [...new Set(naughtyTexts)].filter((text) => text !== "" && text.isWellFormed());
        await Promise.all(tags.map((tag, index) => storage.save(`k${index}`, index, { tags: [tag, "all"] })));
        for (const [index, tag] of tags.entries()) {
          const found = await storage.search({ tags: [tag] });
          equal(
            found.map(({ key, tags: carried }) => [key, carried]),
            [[`k${index}`, [tag, "all"]]],
            `what the tag ${JSON.stringify(tag)} finds`,
          );
        }
        equal(await storage.count({ tags: ["all"] }), tags.length, "items with the common tag");
      },
    },
    {
      name: "metadata comes back exactly",
      async run(context) {
        const storage = await context.open();
        const metadata = {
          text: "é 😀 \u2028 \u0000 ' \" \\",
          numbers: [0, -1, 0.1, 1e308, 5e-324, 2 ** 53],
          nested: { list: [[], {}, [{ deep: null }]], "": { "a.b": true } },
          ...(JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "0": 3}') as object),
          texts: [...naughtyTexts],
        };
        const item = await storage.save("k", 1, { metadata });
        equal(item.metadata, metadata, "the metadata that save returned");
        equal((await storage.stat("k"))?.metadata, metadata, "the metadata stored");
        equal((await storage.list())[0]?.metadata, metadata, "the metadata listed");
        // Names with a backslash beside names with an escape that begins as they do: some engines take one for the other.
        for (const name of ["a\\", "a\n", 'a"', "\\", "\u0000"]) {
          const alike = { p: 0, [name]: 1 };
          const { metadata: saved } = await storage.save("k", 1, { metadata: alike });
          equal(saved, alike, `the metadata that save returned, with the name ${JSON.stringify(name)}`);
          equal((await storage.stat("k"))?.metadata, alike, `the metadata with the name ${JSON.stringify(name)}`);
        }
      },
    },
    {
      name: "compression shortens what it can, leaves the rest alone and changes no value",
      async run(context) {
        const storage = await context.open();
        const dull = { text: "all work and no play ".repeat(500) };
        const small = await storage.save("dull", dull, { compress: true });
        ok(
          small.compressed && small.storedSize * 4 < small.size,
          `a dull text is compressed: ${small.storedSize} of ${small.size}`,
        );
        equal(await storage.load("dull"), dull, "the compressed value");
        const bytes = noise(5_000);
        const noisy = await storage.save("noise", bytes, { compress: true });
        equal([noisy.compressed, noisy.storedSize], [false, 5_000], "compression of noise");
        equal(await storage.load("noise"), bytes, "the noise");
        const flat = await storage.save("dull", dull, { compress: false });
        equal([flat.compressed, flat.storedSize], [false, flat.size], "compression when it is forbidden");
        equal(await storage.load("dull"), dull, "the value that is not compressed");
        const streamed = await storage.saveStream("zeros", inPieces(new Uint8Array(300_000), 7_777), {
          compress: true,
        });
        ok(streamed.compressed && streamed.storedSize < 10_000, "a dull stream is compressed");
        equal(await storage.load("zeros"), new Uint8Array(300_000), "the compressed stream, loaded whole");
        const stream = await storage.loadStream("zeros");
        equal(stream && (await readAll(stream)), new Uint8Array(300_000), "the compressed stream, streamed");
      },
    },
    {
      name: "the setting of the storage decides on compression where the save does not",
      async run(context) {
        for (const compress of [true, false]) {
          const storage = await context.open({ settings: { compress } });
          const item = await storage.save("k", "dull ".repeat(1_000));
          equal(item.compressed, compress, `compressed with the setting ${compress}`);
          const other = await storage.save("k", "dull ".repeat(1_000), { compress: !compress });
          equal(other.compressed, !compress, `compressed with the option ${!compress}`);
        }
      },
    },
  ],
};

function isFormat(wrong: unknown): boolean {
  return typeof wrong === "object" && wrong !== null && "format" in wrong;
}
