import { defined, equal, ok, rejection, rejects } from "../assert.js";
import { inPieces, keysOf, readAll } from "../collect.js";
import { noise } from "../samples/values.js";
import type { Theme } from "../suite.js";
import { until } from "../turns.js";

export const streams: Theme = {
  name: "streams",
  cases: [
    {
      name: "what goes in in pieces comes out whole, from any kind of source",
      async run(context) {
        const storage = await context.open();
        const bytes = noise(200_001);
        for (const size of [1_000, 65_536, 300_000]) {
          const item = await storage.saveStream("iterated", inPieces(bytes, size));
          equal([item.format, item.size], ["binary", bytes.length], "format and size");
          equal(await storage.stat("iterated"), item, "stat");
          equal(await storage.load("iterated"), bytes, `bytes in pieces of ${size}`);
        }
        await storage.saveStream("stream", streamOf(bytes, 10_000));
        equal(await storage.load("stream"), bytes, "bytes of a ReadableStream");
        const tiny = noise(300);
        await storage.saveStream("tiny", inPieces(tiny, 1));
        equal(await readStream(storage.loadStream("tiny")), tiny, "bytes one by one");
      },
    },
    {
      name: "an empty source makes an item of no bytes",
      async run(context) {
        const storage = await context.open();
        const item = await storage.saveStream("none", inPieces(new Uint8Array(), 1));
        equal([item.size, item.format], [0, "binary"], "size and format");
        equal(await storage.load("none"), new Uint8Array(), "the bytes");
        equal(await readStream(storage.loadStream("none")), new Uint8Array(), "the bytes streamed out");
        await storage.saveStream("gaps", streamOf(new Uint8Array(), 1));
        equal(await storage.exists("gaps"), true, "whether an item of an empty stream is there");
        await storage.saveStream(
          "holes",
          pieces([new Uint8Array(), new Uint8Array([1]), new Uint8Array(), new Uint8Array([2])]),
        );
        equal(await storage.load("holes"), new Uint8Array([1, 2]), "the bytes between empty pieces");
      },
    },
    {
      name: "any value streams out as its encoded bytes",
      async run(context) {
        const storage = await context.open();
        const value = { text: "é".repeat(50_000) };
        const item = await storage.save("json", value, { compress: true });
        const bytes = await readStream(storage.loadStream("json"));
        equal(bytes.length, item.size, "how many bytes");
        equal(JSON.parse(new TextDecoder().decode(bytes)), value, "the value that they encode");
      },
    },
    {
      name: "options and replacement are those of save",
      async run(context) {
        const storage = await context.open();
        const first = await storage.save("k", { a: 1 }, { tags: ["old"], metadata: { old: 1 } });
        context.clock.advance(1_000);
        const expiration = context.clock.in(1_000);
        const item = await storage.saveStream("k", inPieces(new Uint8Array(9), 4), {
          tags: ["new", "new"],
          metadata: { m: 1 },
          expiration,
        });
        equal(
          [item.tags, item.metadata, item.expiration, item.created, item.modified],
          [["new"], { m: 1 }, expiration, first.created, context.clock.in(0)],
          "the item",
        );
        equal(keysOf(await storage.search({ tags: ["new"] })), ["k"], "what is found by the new tag");
        equal(await storage.count({ tags: ["old"] }), 0, "what is found by the old tag");
        context.clock.advance(1_000);
        equal(await storage.loadStream("k"), undefined, "the stream after the expiration");
      },
    },
    {
      name: "a source that fails writes nothing, and its error comes out",
      async run(context) {
        const storage = await context.open();
        const standing = await storage.save("k", "standing");
        const own = new RangeError("my own");
        for (const key of ["k", "new"]) {
          const error = await rejection("saveStream", () => storage.saveStream(key, failing(own)));
          ok(
            error === own || (error as { cause?: unknown }).cause === own,
            `the source's own error comes out, not ${String(error)}`,
          );
        }
        equal(await storage.list(), [standing], "what stands");
        equal(await storage.load("k"), "standing", "the value that stands");
      },
    },
    {
      name: "a source that gives something other than bytes is refused, and writes nothing",
      async run(context) {
        const storage = await context.open();
        for (const piece of ["text", 1, null, [1], new Uint16Array(2), new ArrayBuffer(2)]) {
          const source = pieces([new Uint8Array(3), piece as never]);
          await rejects("INVALID_VALUE", "a piece that is no bytes", () => storage.saveStream("k", source));
        }
        equal(await storage.list(), [], "what was written");
      },
    },
    {
      name: "a source is let go of when the save is refused or given up",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1);
        for (const [what, controller, ifVersion] of [
          ["a conflict", undefined, null],
          ["an abort", new AbortController(), undefined],
        ] as const) {
          let ended = false;
          const source = async function* (): AsyncGenerator<Uint8Array> {
            try {
              for (let index = 0; index < 5; index++) {
                if (index === 3) controller?.abort();
                yield new Uint8Array(10);
              }
            } finally {
              ended = true;
            }
          };
          const code = controller === undefined ? "CONFLICT" : "ABORTED";
          await rejects(code, what, () => storage.saveStream("k", source(), { ifVersion, signal: controller?.signal }));
          await until(() => ended);
        }
        equal(await storage.load("k"), 1, "the value that stands");
      },
    },
    {
      name: "nothing is seen of an item before its last byte",
      async run(context) {
        const [writer, reader] = [await context.open(), await context.open()];
        await writer.save("old", "standing", { tags: ["standing"] });
        const seen: unknown[] = [];
        const source = async function* (): AsyncGenerator<Uint8Array> {
          for (let index = 0; index < 4; index++) {
            yield noise(70_000, index + 1);
            seen.push(await reader.load("old"), await reader.exists("new"), await reader.count());
          }
        };
        await writer.saveStream("old", source());
        await writer.delete("old");
        await writer.save("old", "standing");
        await writer.saveStream("new", source());
        equal(seen, Array.from({ length: 8 }, () => ["standing", false, 1]).flat(), "what a reader saw meanwhile");
      },
    },
    {
      name: "a stream that is being read is not moved by a later write",
      async run(context) {
        const [reader, writer] = [await context.open(), await context.open()];
        const bytes = noise(3_000_000);
        await writer.save("k", bytes);
        await writer.save("other", bytes);
        const overwritten = defined(await reader.loadStream("k"), "the stream").getReader();
        const deleted = defined(await reader.loadStream("other"), "the stream").getReader();
        const starts = [(await overwritten.read()).value, (await deleted.read()).value];
        await writer.save("k", noise(3_000_000, 7));
        await writer.delete("other");
        for (const [index, rest] of [overwritten, deleted].entries()) {
          equal(
            await restOf(rest, defined(starts[index], "the first chunk")),
            bytes,
            "the bytes of the version that was opened",
          );
        }
        equal(await writer.load("k"), noise(3_000_000, 7), "the bytes that stand");
      },
    },
    {
      name: "a reader may stop early, and writing and closing go on",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", noise(3_000_000));
        const stream = defined(await storage.loadStream("k"), "the stream");
        const reader = stream.getReader();
        await reader.read();
        await reader.cancel();
        await defined(await storage.loadStream("k"), "a stream that nobody reads").cancel();
        await storage.save("k", 1);
        equal(await storage.load("k"), 1, "the value written then");
        await storage.close();
      },
    },
    {
      name: "several streams of one key at once leave one of them, whole",
      async run(context) {
        const storage = await context.open();
        const bodies = Array.from({ length: 8 }, (_, index) => noise(50_000 + index, index + 1));
        const items = await Promise.all(bodies.map((bytes) => storage.saveStream("k", inPieces(bytes, 9_000))));
        const standing = defined(await storage.stat("k"), "stat");
        const winner = items.findIndex(({ version }) => version === standing.version);
        equal(standing, items[winner], "the item that stands");
        equal(await storage.load("k"), bodies[winner], "the bytes that stand");
      },
    },
  ],
};

function streamOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  const source = inPieces(bytes, size);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function* pieces(all: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(100_000);
  throw error;
}

async function readStream(loading: Promise<ReadableStream<Uint8Array> | undefined>): Promise<Uint8Array> {
  return readAll(defined(await loading, "the stream"));
}

async function restOf(reader: ReadableStreamDefaultReader<Uint8Array>, start: Uint8Array): Promise<Uint8Array> {
  const rest = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(start),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  return readAll(rest);
}
