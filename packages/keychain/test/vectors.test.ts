import { masterKeyId, openStorage, type RecordHeader, type StorageAdapter } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { describe, expect, it } from "vitest";
import vectors from "../../core/test/encryption/vectors/format-1.json" with { type: "json" };

const bytesOf = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

describe("the frozen vectors of format 1, in a browser", () => {
  it.each(vectors)("$name", async ({ header, body, encoded, masterKey, realm, tags, metadata }) => {
    const material = Uint8Array.from(masterKey.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const id = await masterKeyId(material);
    const adapter: StorageAdapter = memory();
    const record = {
      header: header as unknown as RecordHeader,
      body: bytesOf(body),
      terms: [],
      chunkHashes: new Uint8Array(0),
    };
    const storage = await openStorage(adapter, {
      encryption: { keys: { name: "vector", load: async () => ({ active: id, keys: [{ id, material }] }) }, realm },
    });
    await adapter.put(record, { expect: "any", now: 0 }, { signal: undefined });
    expect(await storage.stat(header.key)).toMatchObject({ encrypted: true, tags, metadata });
    const stream = await storage.loadStream(header.key);
    expect(new Uint8Array(await new Response(stream).arrayBuffer())).toEqual(bytesOf(encoded));
    expect((await storage.verify()).ok).toBe(true);
  });
});
