import { StorageError } from "@holdfast/core";
import { defined, equal, ok } from "../assert.js";
import { inPieces, readAll } from "../collect.js";
import { canMeasureMemory, memoryHeld } from "../memory-held.js";
import { noise } from "../samples/values.js";
import { boundedStreams, type Need, type Theme } from "../suite.js";

const MiB = 2 ** 20;
const BODY = 96 * MiB;
const PIECE = 256 * 1024;
/** How much more may be held while a body streams. */
const FLAT = 32 * MiB;
/** How often it is looked at: collecting garbage takes its time. */
const STEP = 12 * MiB;

const measuredStreams: Need = {
  name: "streams in bounded memory, on a platform that tells how much memory is held",
  metBy: (...given) => boundedStreams.metBy(...given) && canMeasureMemory(),
};

/** What a stream holds while it is under way. */
export const openStreams: Theme = {
  name: "open streams",
  cases: [
    {
      name: "a stream that nobody reads on neither holds up the close nor ends early as if whole",
      async run(context) {
        const bytes = noise(3_000_000);
        const storage = await context.open();
        await storage.save("whole", bytes);
        await storage.saveStream("streamed", inPieces(bytes, 50_000));
        for (const key of ["whole", "streamed"]) {
          const opening = await context.open();
          const reader = defined(await opening.loadStream(key), "the stream").getReader();
          const pieces = [defined((await reader.read()).value, "the first piece")];
          await opening.close();
          try {
            for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
          } catch (error) {
            ok(StorageError.is(error), `the rest is refused with a StorageError, not ${String(error)}`);
            continue;
          }
          const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
          equal(length, bytes.length, "how many bytes a stream gave that ended well");
        }
      },
    },
    {
      name: "memory held stays flat while a body streams in and out",
      once: true,
      needs: measuredStreams,
      async otherwise(context) {
        const storage = await context.open();
        const bytes = noise(5_000_000);
        await storage.saveStream("k", inPieces(bytes, PIECE));
        equal(await readAll(defined(await storage.loadStream("k"), "the stream")), bytes, "the bytes");
      },
      async run(context) {
        const storage = await context.open();
        const before = await memoryHeld();
        let [peak, next] = [0, 0];
        const look = async (offset: number) => {
          if (offset < next) return;
          next = offset + STEP;
          peak = Math.max(peak, (await memoryHeld()) - before);
        };
        const source = async function* (): AsyncGenerator<Uint8Array> {
          for (let offset = 0; offset < BODY; offset += PIECE) {
            // Each of its own, so that keeping them shows.
            yield new Uint8Array(PIECE).fill(offset / PIECE);
            await look(offset);
          }
        };
        await storage.saveStream("k", source(), { compress: false });
        ok(peak < FLAT, `streaming ${BODY / MiB} MiB in took ${Math.round(peak / MiB)} MiB of memory`);
        [peak, next] = [0, 0];
        let length = 0;
        for await (const piece of defined(await storage.loadStream("k"), "the stream")) {
          length += piece.length;
          await look(length);
        }
        equal(length, BODY, "how many bytes came out");
        ok(peak < FLAT, `streaming ${BODY / MiB} MiB out took ${Math.round(peak / MiB)} MiB of memory`);
      },
    },
  ],
};
