import { expect, it, vi } from "vitest";
import { rechunk } from "../../dist/codec/rechunk.js";
import { cut, MIB, noise } from "./samples.js";

it("what comes in small pieces is not copied over and over", async () => {
  const bytes = noise(MIB / 4);
  const set = vi.spyOn(Uint8Array.prototype, "set");
  const chunks: Uint8Array[] = [];
  for await (const chunk of rechunk(cut(bytes, [100]))) chunks.push(chunk);
  const copied = set.mock.calls.reduce((sum, [piece]) => sum + piece.length, 0);
  set.mockRestore();
  expect(Buffer.compare(Buffer.concat(chunks), bytes)).toBe(0);
  // Once to be taken over, and less than twice more in all for growing by doubling.
  expect(copied).toBeLessThan(3 * bytes.length);
});

it("a chunk lies on memory of just its own size", async () => {
  for (const sizes of [[10], [7, 10], [MIB, 3], [MIB - 1, 2]]) {
    const bytes = noise(sizes.reduce((sum, size) => sum + size, 0));
    for await (const chunk of rechunk(cut(bytes, sizes))) expect(chunk.buffer.byteLength).toBe(chunk.length);
  }
});
