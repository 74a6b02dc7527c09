import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { inSteps } from "../../dist/platform/gzip.js";
import { platform as node } from "../../dist/platform/node.js";
import { platform as web } from "../../dist/platform/web.js";
import { processorTimeOf } from "./processor-time.js";
import { collect, cut, join, MIB, noise } from "./samples.js";

const PLATFORMS = [
  { name: "node", own: node, other: web },
  { name: "web", own: web, other: node },
];

const SAMPLES: readonly Uint8Array[] = [
  new Uint8Array(0),
  noise(1),
  new Uint8Array(40_000).fill(1),
  noise(100_000),
  new Uint8Array(3 * MIB).fill(9),
];

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([promise]);
  if (outcome.status === "fulfilled") throw new Error("did not reject");
  return outcome.reason;
}

describe.each(PLATFORMS)("$name", ({ own, other }) => {
  it("hashes as the other does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await own.sha256(bytes)).toBe(await other.sha256(bytes));
        expect(await own.sha256(bytes)).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });

  it("reads what the other compresses, in one piece and as a stream, and makes the same bytes each time", async () => {
    for (const bytes of SAMPLES) {
      const packed = await own.gzip(bytes);
      expect(Buffer.compare(await own.gzip(bytes), packed)).toBe(0);
      expect(packed[9]).toBe(255);
      expect(packed.byteLength).toBe(packed.buffer.byteLength);
      expect(Object.getPrototypeOf(packed)).toBe(Uint8Array.prototype);
      expect(Buffer.compare(gunzipSync(packed), bytes)).toBe(0);
      const streamed = await collect(own.gzipStream(cut(bytes, [70_000, 1, 33_000])));
      expect(streamed[9]).toBe(255);
      for (const reader of [own, other]) {
        for (const data of [packed, streamed]) {
          const inflated = await reader.gunzip(data, bytes.length);
          expect(Buffer.compare(inflated, bytes)).toBe(0);
          expect(Object.getPrototypeOf(inflated)).toBe(Uint8Array.prototype);
          expect(Buffer.compare(await collect(reader.gunzipStream(cut(data, [10_000, 3]))), bytes)).toBe(0);
        }
      }
    }
  });

  it("stops at the size that it is told, without holding what a bomb would give", async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(100 * MIB)));
    for (const size of [10, 100_000]) {
      const before = process.memoryUsage().arrayBuffers;
      expect(await processorTimeOf(() => rejection((async () => own.gunzip(bomb, size))()))).toBeLessThan(2_000);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60 * MIB);
    }
  });

  it("rejects gzip that is cut off, empty, damaged or none", async () => {
    const packed = new Uint8Array(gzipSync(noise(20_000)));
    const damaged = packed.slice();
    damaged[10_000] = (damaged[10_000] ?? 0) ^ 0xff;
    const trailer = packed.slice();
    trailer[packed.length - 6] = (trailer[packed.length - 6] ?? 0) ^ 1;
    for (const bytes of [
      packed.subarray(0, -1),
      packed.subarray(0, 50),
      new Uint8Array(0),
      damaged,
      trailer,
      noise(500),
    ]) {
      await rejection((async () => own.gunzip(bytes, 20_000))());
      await rejection(collect(own.gunzipStream(cut(bytes, [1_000]))));
    }
  });

  it("rejects a stream that goes on behind its gzip", async () => {
    const packed = new Uint8Array(gzipSync("hello"));
    await rejection(collect(own.gunzipStream(cut(new Uint8Array([...packed, 1, 2, 3]), [packed.length, 3]))));
    await rejection(collect(own.gunzipStream(cut(new Uint8Array([...packed, 1, 2, 3]), [1_000]))));
  });

  it.each(["gzipStream", "gunzipStream"] as const)("hands errors of the source on as they are: %s", async (method) => {
    const failure = new Error("of the source");
    const packed = new Uint8Array(gzipSync(noise(200_000)));
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield packed.subarray(0, 100_000);
      throw failure;
    }
    expect(await rejection(collect(own[method](failing())))).toBe(failure);
  });

  it.each(["gzipStream", "gunzipStream"] as const)(
    "returns the source when it is returned early: %s",
    async (method) => {
      const packed = new Uint8Array(gzipSync(noise(MIB)));
      const released = vi.fn();
      let pulled = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (const start of Array.from({ length: 100 }, (_, index) => index * 10_000)) {
            pulled++;
            yield packed.subarray(start, start + 10_000);
          }
        } finally {
          released();
        }
      }
      const stream = own[method](endless());
      await stream.next();
      await stream.return(undefined);
      expect(released).toHaveBeenCalledOnce();
      expect(pulled).toBeLessThan(50);
    },
  );
});

describe("web", () => {
  it("says what is missing on a page without a secure context", async () => {
    vi.stubGlobal("crypto", {});
    const failure = await rejection((async () => web.sha256(noise(1)))());
    expect(failure).toMatchObject({ code: "UNSUPPORTED" });
  });

  it("says what is missing where there are no Compression Streams", async () => {
    vi.stubGlobal("DecompressionStream", undefined);
    expect(await rejection((async () => web.gzip(noise(1)))())).toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe("inSteps", () => {
  it("cuts so small that a platform which inflates each step whole stays bounded, and loses nothing", () => {
    const bytes = noise(MIB + 5);
    const steps = [...inSteps(bytes)];
    expect(Math.max(...steps.map(({ length }) => length))).toBeLessThanOrEqual(32 * 1024);
    expect(Buffer.compare(join(steps), bytes)).toBe(0);
    expect([...inSteps(new Uint8Array(0))]).toEqual([]);
  });
});
