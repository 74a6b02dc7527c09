import { createMigrator, openStorage } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { cut, MIB, noise } from "../codec/samples.js";
import { FakePorts } from "../support/fake-ports.js";
import { loaded, open, StreamingAdapter } from "../support/streaming-adapter.js";

describe("a migration between adapters that stream", () => {
  async function migrated(damage: (chunks: Uint8Array[]) => void) {
    const [from, to] = [new StreamingAdapter(), new StreamingAdapter()];
    const source = await openStorage(from, { ports: new FakePorts(), metrics: true });
    const destination = await open(to);
    const item = await source.saveStream("k", cut(noise(4 * MIB), [MIB]), { tags: ["t"] });
    damage(from.bodies.get("k")?.chunks ?? []);
    const report = await createMigrator(source, destination).migrate();
    return { report, item, to, source, destination };
  }

  it("moves a large value chunk by chunk, header and all", async () => {
    const { report, item, to, source, destination } = await migrated(() => undefined);
    expect(report).toMatchObject({ ok: true, copied: 1, verified: 1, failures: [] });
    // Read, written, and read once more to be sure.
    expect(source.getMetrics()?.operations["migrate"]?.bytes).toBe(3 * 4 * MIB);
    expect(to.ends).toEqual(["written"]);
    expect(to.bodies.get("k")?.chunks).toHaveLength(4);
    expect(await destination.stat("k")).toEqual(item);
    expect(Buffer.compare((await loaded(destination, "k")) ?? noise(3), noise(4 * MIB))).toBe(0);
  });

  it("moves a smaller value in one piece", async () => {
    const [from, to] = [new StreamingAdapter(), new StreamingAdapter()];
    const [source, destination] = [await open(from), await open(to)];
    await source.save("k", noise(4 * MIB - 1));
    const report = await createMigrator(source, destination).migrate({ validate: false });
    expect(report).toMatchObject({ ok: true, copied: 1 });
    expect(to.ends).toEqual([]);
    expect(await destination.load("k")).toHaveLength(4 * MIB - 1);
  });

  it("lets the source go where the destination cannot even begin", async () => {
    const [from, to] = [new StreamingAdapter(), new StreamingAdapter()];
    const source = await open(from);
    await source.saveStream("k", cut(noise(4 * MIB), [MIB]));
    const readStream = from.readStream.bind(from);
    const next = vi.fn();
    let released = false;
    const iterator = {
      next,
      async return() {
        await new Promise((resolve) => setImmediate(resolve));
        released = true;
        return { done: true as const, value: undefined };
      },
    };
    from.readStream = async (key, options) => {
      const stream = await readStream(key, options);
      return stream && { ...stream, body: { [Symbol.asyncIterator]: () => iterator } };
    };
    to.broken = "open";
    const report = await createMigrator(source, await open(to)).migrate();
    expect(report.failures).toMatchObject([{ key: "k", code: "INTERNAL" }]);
    expect(released).toBe(true);
    expect(next).not.toHaveBeenCalled();
  });

  it("leaves nothing of one that is damaged", async () => {
    const { report, to, destination } = await migrated((chunks) => chunks[2]?.fill(0));
    expect(report).toMatchObject({ ok: false, copied: 0, failures: [{ key: "k", code: "CORRUPT" }] });
    expect(to.ends).toEqual(["abort"]);
    expect(await destination.exists("k")).toBe(false);
  });
});
