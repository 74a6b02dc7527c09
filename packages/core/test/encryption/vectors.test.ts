import { readFileSync } from "node:fs";
import { masterKeyId, openStorage, type RecordHeader } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";
import { readByThePage } from "./independent.js";

interface Vector {
  readonly name: string;
  readonly realm: string;
  readonly masterKey: string;
  readonly header: RecordHeader;
  readonly body: string;
  readonly encoded: string;
  readonly tags: string[];
  readonly metadata: object;
}

const vectors = JSON.parse(readFileSync(new URL("./vectors/format-1.json", import.meta.url), "utf8")) as Vector[];

describe.each(vectors)("vector $name", (vector) => {
  const { header, body, encoded, masterKey, realm } = vector;
  const material = new Uint8Array(Buffer.from(masterKey, "hex"));

  it("is read", async () => {
    const adapter = new MapAdapter();
    adapter.records.set(header.key, { header, body: new Uint8Array(Buffer.from(body, "base64")) });
    const id = await masterKeyId(material);
    const keys = { name: "vector", load: async () => ({ active: id, keys: [{ id, material }] }) };
    const storage = await openStorage(adapter, { encryption: { keys, realm } });
    const { tags, metadata } = vector;
    expect(await storage.stat(header.key)).toMatchObject({ encrypted: true, tags, metadata });
    const value = await storage.load(header.key);
    const bytes = value instanceof Uint8Array ? Buffer.from(value) : undefined;
    if (bytes === undefined)
      expect(value).toEqual(
        header.format === "json" ? JSON.parse(Buffer.from(encoded, "base64").toString()) : { a: 1 },
      );
    else expect(bytes.toString("base64")).toBe(encoded);
    expect((await storage.verify()).ok).toBe(true);
  });

  it("is read by who has only the page", () => {
    const { bytes, tags, metadata } = readByThePage(
      { header: { ...header }, body: Buffer.from(body, "base64") },
      Buffer.from(material),
    );
    expect(bytes.toString("base64")).toBe(encoded);
    expect({ tags, metadata }).toEqual({ tags: vector.tags, metadata: vector.metadata });
  });
});
