import {
  type BodyWriter,
  checksumOf,
  type History,
  openStorage,
  type RecordHeader,
  type StorageEngine,
  type StoredStream,
  type Version,
} from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { collect, MIB, noise } from "../codec/samples.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";

const OTHER = "0123456789ab-0000-0123456789ab";

/** Streams bodies in and out, of kept versions too. */
class StreamingHistory extends RememberingAdapter {
  /** What it says instead of the truth about the version that it reads. */
  answerWith: Partial<RecordHeader> = {};

  constructor() {
    super();
    Object.assign(this.history, {
      readStream: async (...asked: Parameters<History["get"]>): Promise<StoredStream | undefined> => {
        const record = await this.history.get(...asked);
        this.calls.splice(-1, 1, `history.readStream ${asked[0]}`);
        if (record === undefined) return undefined;
        const { chunkHashes } = await checksumOf(record.body);
        return { header: { ...record.header, ...this.answerWith }, chunkHashes, body: this.#chunksOf(record.body) };
      },
    });
  }

  async writeStream(_key: string): Promise<BodyWriter> {
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => {
        this.calls.push("write");
        chunks.push(chunk);
      },
      commit: async (record, condition) => {
        const body = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
        return this.put({ ...record, body }, condition);
      },
      abort: () => void this.calls.push("abort"),
    };
  }

  #chunksOf(body: Uint8Array): AsyncIterable<Uint8Array> {
    let at = 0;
    let finished = false;
    const finish = async (): Promise<IteratorResult<Uint8Array>> => {
      if (!finished) this.calls.push("finished");
      finished = true;
      return { done: true, value: undefined };
    };
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          if (at >= body.length) return finish();
          const value = body.slice(at, at + MIB);
          at += MIB;
          return { done: false, value };
        },
        return: finish,
      }),
    };
  }
}

describe("a large version", () => {
  const large = noise(4 * MIB + 1);

  async function streaming(): Promise<{ adapter: StreamingHistory; storage: StorageEngine; version: string }> {
    const adapter = new StreamingHistory();
    const storage = await openStorage(adapter, { history: true });
    const { version } = await storage.save("k", large);
    await storage.save("k", "small");
    adapter.calls.length = 0;
    return { adapter, storage, version };
  }

  it("is restored in chunks where the adapter streams", async () => {
    const { adapter, storage, version } = await streaming();
    const restored = await storage.restore("k", version);
    expect(adapter.calls).toEqual([
      "history.list k",
      "history.readStream k",
      ...Array(4).fill("write"),
      "finished",
      "write",
      "put k",
    ]);
    expect(await storage.stat("k")).toEqual(restored);
    expect(Buffer.compare((await storage.load<Uint8Array>("k")) ?? new Uint8Array(), large)).toBe(0);
  });

  it("is read in chunks by loadStream", async () => {
    const { adapter, storage, version } = await streaming();
    const bytes = await collect((await storage.loadStream("k", { version })) ?? []);
    expect(Buffer.compare(bytes, large)).toBe(0);
    expect(adapter.calls).toEqual(["history.readStream k", "finished"]);
  });

  it("that is damaged, or another's, changes nothing and leaves nothing open", async () => {
    for (const damage of ["bytes", "version"] as const) {
      const { adapter, storage, version } = await streaming();
      const kept = adapter.kept.get("k")?.[0]?.record;
      if (damage === "bytes") kept?.body.fill(0, 2 * MIB);
      else adapter.answerWith = { version: OTHER as Version };
      await expect(storage.restore("k", version)).rejects.toMatchObject({ code: "CORRUPT", key: "k" });
      expect(await storage.load("k")).toBe("small");
      expect(adapter.calls).toContain("finished");
      expect(adapter.calls.filter((call) => call.startsWith("put"))).toEqual([]);
      expect(adapter.calls.includes("abort")).toBe(damage === "bytes");
    }
  });

  it("is not found when it went after it was listed, and a small one is taken whole", async () => {
    const { adapter, storage, version } = await streaming();
    Object.assign(adapter.history, { readStream: async () => undefined });
    await expect(storage.restore("k", version)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const { version: small } = await storage.save("k", 1);
    await storage.save("k", 2);
    adapter.calls.length = 0;
    await storage.restore("k", small);
    expect(adapter.calls).toEqual(["history.list k", "history.get k", "put k"]);
  });

  it("that stands is found too", async () => {
    const { adapter, storage, version } = await streaming();
    const { version: standing } = await storage.restore("k", version);
    adapter.calls.length = 0;
    await storage.restore("k", standing);
    expect(adapter.calls).toContain("history.readStream k");
    expect(await storage.history("k")).toHaveLength(3);
  });
});
