import { expect, it } from "vitest";
import { collect, cut, headerOf, noise } from "./samples.js";

// As in Workers whose compatibility date lies before it was there.
Reflect.deleteProperty(globalThis, "FinalizationRegistry");

it("streams are read where the platform has no FinalizationRegistry", async () => {
  expect(globalThis).not.toHaveProperty("FinalizationRegistry");
  const { decodeStream, encodeStream } = await import("../../dist/codec/stream.js");
  const bytes = noise(1000);
  const stored = encodeStream(cut(bytes, [300]), { compress: false });
  const body = await collect(stored.chunks);
  const { chunkHashes, ...facts } = await stored.facts();
  const header = headerOf({ format: "binary", ...facts });
  expect(await collect(decodeStream(header, chunkHashes, cut(body, [500])))).toEqual(bytes);
});
