import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { expect, it } from "vitest";
import { decodeStream, encodeStream } from "../../dist/codec/stream.js";
import { headerOf, MIB, noise } from "./samples.js";

setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc") as () => void;

async function* whole() {
  yield noise(3 * MIB);
}

/** A stored body of three pieces, which tells when its reading has ended. */
async function stored() {
  const first = encodeStream(whole(), { compress: false });
  const pieces: Uint8Array[] = [];
  for await (const piece of first.chunks) pieces.push(piece);
  const { chunkHashes, ...facts } = await first.facts();
  return { header: headerOf({ format: "binary", ...facts }), chunkHashes, pieces };
}

it.each([0, 1])("a stream that is dropped after %d pieces ends its reading when it is collected", async (read) => {
  const { header, chunkHashes, pieces } = await stored();
  let ended = 0;
  const body = {
    [Symbol.asyncIterator]() {
      const iterator = pieces.values();
      return {
        next: async () => iterator.next(),
        return: async () => {
          ended++;
          return { done: true as const, value: undefined };
        },
      };
    },
  };
  const begin = async () => {
    const reader = decodeStream(header, chunkHashes, body).getReader();
    for (let piece = 0; piece < read; piece++) await reader.read();
    return reader;
  };
  const held = await begin();
  await begin();
  // It is told in a turn of its own, some time after the collection.
  for (let round = 0; round < 50 && ended === 0; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(ended).toBe(1);
  // The one that somebody still has goes on.
  expect((await held.read()).value).toHaveLength(MIB);
  await held.cancel();
  expect(ended).toBe(2);
});
