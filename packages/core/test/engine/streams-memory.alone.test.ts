import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import type { BodyWriter, StoredStream } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { MIB, noise } from "../codec/samples.js";
import { open, StreamingAdapter } from "../support/streaming-adapter.js";

setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc") as () => void;

describe("memory", () => {
  /** Keeps nothing of a body but its length, and makes it up again. */
  class ForgetfulAdapter extends StreamingAdapter {
    override async writeStream(key: string): Promise<BodyWriter> {
      const writer = await super.writeStream(key);
      return {
        write: () => undefined,
        commit: (record, condition) => writer.commit(record, condition),
        abort: () => writer.abort(),
      };
    }
    override async readStream(key: string): Promise<StoredStream | undefined> {
      const stored = this.bodies.get(key);
      return stored === undefined ? undefined : { ...stored, body: generated() };
    }
  }
  const CHUNKS = 256;
  async function* generated(): AsyncGenerator<Uint8Array> {
    const piece = noise(MIB);
    for (let index = 0; index < CHUNKS; index++) {
      piece[0] = index;
      yield piece;
    }
  }

  it("stays flat while 256 MiB go in and out", async () => {
    const storage = await open(new ForgetfulAdapter());
    let peak = 0;
    let measured = 0;
    // What was let go of is counted until it is collected, when that happens by itself depends on everything that ran before, and swept,
    // for which the next collection waits.
    const held = () => {
      collectGarbage();
      collectGarbage();
      return process.memoryUsage().arrayBuffers;
    };
    const before = held();
    const measure = () => {
      if (measured++ % 8 === 0) peak = Math.max(peak, held() - before);
    };
    async function* watched(): AsyncGenerator<Uint8Array> {
      for await (const piece of generated()) {
        measure();
        yield piece;
      }
    }
    const item = await storage.saveStream("k", watched());
    expect(item.size).toBe(CHUNKS * MIB);
    let arrived = 0;
    for await (const piece of (await storage.loadStream("k")) ?? []) {
      arrived += piece.length;
      measure();
    }
    expect(arrived).toBe(CHUNKS * MIB);
    expect(peak).toBeLessThan(32 * MIB);
  });
});
