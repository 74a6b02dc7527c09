import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { expect, it } from "vitest";
import { decodeStream, encodeStream } from "../../dist/codec/stream.js";
import { headerOf, MIB, noise } from "./samples.js";

setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc") as () => void;

it.each([
  { mebibytes: 128, compress: false },
  { mebibytes: 48, compress: true },
])(
  "the memory of a stream stays flat for $mebibytes MiB, there and back (compressed: $compress)",
  async ({ mebibytes, compress }) => {
    const piece = noise(MIB).fill(0, 0, MIB / 2);
    async function* generated() {
      for (let index = 0; index < mebibytes; index++) yield piece.fill(index, 0, 1);
    }
    let most = 0;
    // What a collection finds is swept beside it and counted until that is done, for which the next one waits.
    const held = () => {
      collectGarbage();
      collectGarbage();
      return process.memoryUsage().arrayBuffers;
    };
    const before = held();
    const first = encodeStream(generated(), { compress });
    let chunks = 0;
    for await (const _ of first.chunks) if (chunks++ % 8 === 7) most = Math.max(most, held() - before);
    const { chunkHashes, ...facts } = await first.facts();
    const header = headerOf({ format: "binary", ...facts });
    const reader = decodeStream(header, chunkHashes, encodeStream(generated(), { compress }).chunks).getReader();
    let size = 0;
    let next = 0;
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      size += value?.length ?? 0;
      if (size < next) continue;
      next += 8 * MIB;
      most = Math.max(most, held() - before);
    }
    expect(size).toBe(mebibytes * MIB);
    expect(most).toBeLessThan(32 * MIB);
  },
);
