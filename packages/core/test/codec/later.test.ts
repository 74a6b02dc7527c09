import { createMigrator, type OperationEvent, openStorage } from "@holdfast/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeValue } from "../../dist/codec/decode-value.js";
import { encodeValue } from "../../dist/codec/encode-value.js";
import { decodeStream, encodeStream } from "../../dist/codec/stream.js";
import { platform } from "../../dist/platform/node.js";
import { MapAdapter } from "../support/map-adapter.js";
import { collect, cut, encoding, headerOf, join, MIB, noise } from "./samples.js";

const sound = { ...platform };

describe("a platform that answers later", () => {
  beforeEach(() => {
    vi.spyOn(platform, "sha256").mockImplementation(async (bytes) => sound.sha256(bytes));
    vi.spyOn(platform, "gzip").mockImplementation(async (bytes) => sound.gzip(bytes));
    vi.spyOn(platform, "gunzip").mockImplementation(async (bytes, size) => sound.gunzip(bytes, size));
  });

  afterEach(() => void vi.restoreAllMocks());

  it.each([10, 2 * MIB + 6])("gives %i bytes back, whole and as a stream", async (length) => {
    const bytes = join([noise(length / 2), new Uint8Array(length / 2)]);
    for (const compress of [false, true]) {
      const { body, ...whole } = await encodeValue(bytes, encoding({ compress }));
      expect(await decodeValue(headerOf(whole), body)).toEqual(bytes);
      const { chunks, facts } = encodeStream(cut(bytes, [300_000]), { compress });
      const stored = await collect(chunks);
      const { chunkHashes, ...rest } = await facts();
      const header = headerOf({ format: "binary", ...rest });
      const loaded = await collect(decodeStream(header, chunkHashes, cut(stored, [MIB])));
      expect(Buffer.compare(loaded, bytes)).toBe(0);
    }
  });

  it("moves nothing that is damaged", async () => {
    const from = new MapAdapter();
    const [source, destination] = [await openStorage(from), await openStorage(new MapAdapter())];
    await source.save("a", "value");
    from.records.get("a")?.body.fill(0);
    const report = await createMigrator(source, destination).migrate();
    expect(report.failures).toMatchObject([{ key: "a", code: "CORRUPT" }]);
    expect(await destination.list()).toEqual([]);
  });

  it("names keys by their hash all the same", async () => {
    const events: OperationEvent[] = [];
    const storage = await openStorage(new MapAdapter(), { onOperation: (event) => events.push(event) });
    await storage.save("a", 1);
    const keyHash = (await sound.sha256(new TextEncoder().encode("a"))).slice(0, 16);
    await vi.waitFor(() => expect(events).toMatchObject([{ op: "save", keyHash }]));
  });
});
