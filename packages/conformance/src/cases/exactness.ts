import { type Format, StorageError } from "@holdfast/core";
import fc from "fast-check";
import { defined, equal, ok, rejects } from "../assert.js";
import { inPieces, readAll } from "../collect.js";
import { generated } from "../generated.js";
import { exactValues, inexactValues, noise, yamlTraps } from "../samples/values.js";
import type { Theme } from "../suite.js";

const TEXT_FORMATS: readonly Format[] = ["json", "yaml"];

// Around the sizes at which stores and codecs change their ways: pages, small-body limits, checksum chunks.
const SIZES = [0, 1, 255, 256, 4_095, 4_096, 65_535, 65_536, 65_537, 1_048_575, 1_048_576, 1_048_577, 3_145_729];

export const exactness: Theme = {
  name: "exactness",
  cases: [
    ...TEXT_FORMATS.flatMap(
      (format) =>
        [
          {
            name: `${format} values come back exactly`,
            async run(context) {
              const storage = await context.open();
              for (const [index, value] of exactValues.entries()) {
                const item = await storage.save(`v${index}`, value, { format });
                equal(item.format, format, "the item's format");
                equal(await storage.load(`v${index}`), value, `value ${index}`);
              }
            },
          },
          {
            name: `strings that look like something else stay strings in ${format}`,
            async run(context) {
              const storage = await context.open();
              for (const [index, text] of yamlTraps.entries()) {
                for (const value of [text, [text], { [text]: text }, { a: { b: text, c: [text, text] } }]) {
                  await storage.save(`v${index}`, value, { format });
                  equal(await storage.load(`v${index}`), value, `in ${format}, the text ${JSON.stringify(text)}`);
                }
              }
            },
          },
          {
            name: `generated values come back exactly from ${format}, or are refused`,
            async run(context) {
              const storage = await context.open();
              await generated(context, 60, fc.array(jsonValues(), { minLength: 1, maxLength: 4 }), async (values) => {
                for (const [index, each] of values.entries()) {
                  await storage.save(`v${index}`, each, { format });
                  equal(await storage.load(`v${index}`), withoutNegativeZero(each), `in ${format}, the value`);
                }
              });
            },
          },
          {
            name: `${format} refuses what it cannot hold exactly, and names the place`,
            async run(context) {
              const storage = await context.open();
              const standing = await storage.save("k", "standing");
              for (const [what, value, path] of inexactValues) {
                const error = await rejects("INVALID_VALUE", `${format} with ${what}`, () =>
                  storage.save("k", value, { format }),
                );
                for (const part of path)
                  ok(error.message.includes(part), `the refusal of ${what} names ${part}: ${error.message}`);
              }
              equal(await storage.stat("k"), standing, "the item after the refusals");
              equal(await storage.load("k"), "standing", "the value after the refusals");
            },
          },
          {
            name: `values of any depth come back exactly from ${format}, or are refused`,
            async run(context) {
              const storage = await context.open();
              for (const depth of [10, 100, 1_000, 100_000]) {
                let value: unknown = "bottom";
                for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { down: value };
                try {
                  await storage.save("deep", value, { format });
                } catch (error) {
                  ok(
                    StorageError.is(error, "INVALID_VALUE"),
                    `a value ${depth} deep is held or INVALID_VALUE, not ${String(error)}`,
                  );
                  ok(depth > 100, "a value 100 deep is held");
                  continue;
                }
                equal(levelsOf(await storage.load("deep")), depth, "the depth of the loaded value");
              }
            },
          },
        ] satisfies Theme["cases"],
    ),
    {
      name: "a property whose value is undefined is absent, and −0 is 0",
      async run(context) {
        const storage = await context.open();
        for (const format of TEXT_FORMATS) {
          await storage.save("k", { a: undefined, b: -0, c: [{ d: undefined, e: -0 }] }, { format });
          equal(await storage.load("k"), { b: 0, c: [{ e: 0 }] }, `from ${format}`);
          await storage.save("k", -0, { format });
          equal(await storage.load("k"), 0, `from ${format}`);
        }
      },
    },
    {
      name: "halves of surrogate pairs in values come back exactly, or are refused",
      async run(context) {
        const storage = await context.open();
        for (const format of TEXT_FORMATS) {
          for (const value of ["\ud83d", "a\ude00b", { "\ud83d": 1 }, ["\ude00\ud83d"]]) {
            try {
              await storage.save("k", value, { format });
            } catch (error) {
              ok(StorageError.is(error, "INVALID_VALUE"), `refused with INVALID_VALUE, not ${String(error)}`);
              continue;
            }
            equal(await storage.load("k"), value, `from ${format}`);
          }
        }
      },
    },
    {
      name: "a value that is met twice, but not inside itself, is no cycle",
      async run(context) {
        const storage = await context.open();
        const shared = { n: 1 };
        for (const format of TEXT_FORMATS) {
          await storage.save("k", [shared, { again: shared }, shared], { format });
          const loaded = defined(await storage.load<{ n: number }[]>("k"), "the value");
          equal(loaded, [{ n: 1 }, { again: { n: 1 } }, { n: 1 }], `from ${format}`);
          ok(loaded[0] !== loaded[2], "each place has an object of its own");
        }
      },
    },
    {
      name: "bytes are binary by default and load as a plain Uint8Array",
      async run(context) {
        const storage = await context.open();
        const every = Uint8Array.from({ length: 256 }, (_, index) => index);
        const item = await storage.save("k", every);
        equal([item.format, item.size], ["binary", 256], "format and size");
        equal(await storage.load("k"), every, "the bytes");
        await storage.save("k", every, { format: "binary" });
        equal(await storage.load("k"), every, "the bytes with the format named");
        await storage.save("k", every.subarray(100, 103));
        equal(await storage.load("k"), new Uint8Array([100, 101, 102]), "a part of a larger buffer");
      },
    },
    {
      name: "binary holds nothing but bytes, and text formats hold no bytes",
      async run(context) {
        const storage = await context.open();
        for (const value of [
          "text",
          { a: 1 },
          [1, 2],
          null,
          7,
          new ArrayBuffer(2),
          new Uint16Array(2),
          new DataView(new ArrayBuffer(2)),
        ]) {
          await rejects("INVALID_VALUE", "binary with something else", () =>
            storage.save("k", value, { format: "binary" }),
          );
        }
        for (const format of TEXT_FORMATS) {
          await rejects("INVALID_VALUE", `${format} with bytes`, () =>
            storage.save("k", new Uint8Array(2), { format }),
          );
        }
        equal(await storage.exists("k"), false, "whether anything was written");
      },
    },
    {
      name: "values of every size come back exactly, whichever way they went in and come out",
      async run(context) {
        const storage = await context.open();
        for (const size of SIZES) {
          const bytes = noise(size);
          const item = await storage.save("whole", bytes);
          equal([item.size, (await storage.stat("whole"))?.size], [size, size], "sizes of the item");
          equal(await storage.load("whole"), bytes, `${size} bytes`);
          const stream = defined(await storage.loadStream("whole"), "the stream");
          equal(await readAll(stream), bytes, `${size} bytes streamed out`);
          const streamed = await storage.saveStream("streamed", inPieces(bytes, 60_000));
          equal(streamed.checksum, item.checksum, `the checksum of ${size} bytes streamed in`);
          equal(await storage.load("streamed"), bytes, `${size} bytes streamed in`);
          const text = "é".repeat(size >> 1);
          await storage.save("text", text);
          equal(await storage.load("text"), text, `a text of ${size} bytes`);
        }
      },
    },
    {
      name: "64 MiB come back exactly, whole and streamed",
      once: true,
      async run(context) {
        const storage = await context.open();
        const bytes = noise(64 * 1024 * 1024);
        const item = await storage.save("whole", bytes);
        equal([item.size, item.storedSize], [bytes.length, bytes.length], "sizes of the item");
        equal(await readAll(defined(await storage.loadStream("whole"), "the stream")), bytes, "the bytes streamed out");
        const streamed = await storage.saveStream("streamed", inPieces(bytes, 1_000_003));
        equal(streamed.checksum, item.checksum, "the checksum of the streamed bytes");
        equal(await storage.load("streamed"), bytes, "the bytes streamed in");
      },
    },
    {
      name: "an item's size is that of its encoded value",
      async run(context) {
        const storage = await context.open();
        equal((await storage.save("k", "é")).size, 4, "the size of a JSON string");
        equal((await storage.save("k", { a: [1, 2] })).size, 11, "the size of a JSON object");
        equal((await storage.save("k", new Uint8Array())).size, 0, "the size of no bytes");
      },
    },
    {
      name: "what the caller changes after saving changes nothing that is stored",
      async run(context) {
        const storage = await context.open();
        const data = { list: [1], inner: { a: 1 } };
        const bytes = new Uint8Array([1, 2, 3]);
        const tags = ["t"];
        const metadata = { m: { n: 1 } };
        const expiration = context.clock.in(60_000);
        const expected = context.clock.in(60_000);
        // Changed before the promise settles: the call had taken what it needs.
        const saving = [storage.save("data", data, { tags, metadata, expiration }), storage.save("bytes", bytes)];
        data.list.push(2);
        data.inner.a = 2;
        bytes.fill(9);
        tags.push("u");
        metadata.m.n = 2;
        expiration.setTime(0);
        await Promise.all(saving);
        equal(await storage.load("data"), { list: [1], inner: { a: 1 } }, "the value");
        equal(await storage.load("bytes"), new Uint8Array([1, 2, 3]), "the bytes");
        const item = defined(await storage.stat("data"), "the item");
        equal(
          [item.tags, item.metadata, item.expiration],
          [["t"], { m: { n: 1 } }, expected],
          "tags, metadata, expiration",
        );
      },
    },
    {
      name: "what the caller changes in a loaded value or an item changes nothing that is stored",
      async run(context) {
        const storage = await context.open();
        const options = { tags: ["t"], metadata: { m: { n: 1 } }, expiration: context.clock.in(60_000) };
        const saved = await storage.save("data", { list: [1] }, options);
        await storage.save("bytes", new Uint8Array([1, 2, 3]));
        const intact = structuredClone(saved);
        const load = async () => defined(await storage.load<{ list: number[] }>("data"), "the value");
        const value = await load();
        value.list.push(2);
        equal(await load(), { list: [1] }, "the value");
        defined(await storage.load<Uint8Array>("bytes"), "the bytes").fill(9);
        equal(await storage.load("bytes"), new Uint8Array([1, 2, 3]), "the bytes");
        const views = [
          saved,
          defined(await storage.stat("data"), "stat"),
          ...(await storage.list("data")),
          ...(await storage.search({ tags: ["t"] })),
        ];
        for (const item of views) {
          item.tags.push("spoilt");
          (item.metadata["m"] as { n: number }).n = 2;
          item.created.setTime(0);
          item.modified.setTime(0);
          item.expiration?.setTime(0);
          equal(await storage.stat("data"), intact, "stat");
          equal(await storage.list("data"), [intact], "list");
          equal(await storage.search({ where: { "m.n": 1 } }), [intact], "search");
        }
      },
    },
  ],
};

// Compared with what JSON itself makes of the value.
function withoutNegativeZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function levelsOf(value: unknown): number {
  let levels = 0;
  for (let inner = value; inner !== "bottom"; levels++) {
    inner = Array.isArray(inner) ? inner[0] : (inner as { down: unknown }).down;
  }
  return levels;
}

let made: fc.Arbitrary<fc.JsonValue> | undefined;

/** Made once, and not before it is asked for: with every code point in it, it takes a second. */
function jsonValues(): fc.Arbitrary<fc.JsonValue> {
  made ??= fc.jsonValue({ depthSize: "small", stringUnit: "binary" });
  return made;
}
