import { openStorage, type Progress, StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { CallerError } from "../../dist/engine/failure.js";
import { ProgressMeter } from "../../dist/engine/progress-meter.js";
import { MapAdapter } from "../support/map-adapter.js";

function meterAt(clock: { time: number }, total?: number): { meter: ProgressMeter; seen: Progress[] } {
  const seen: Progress[] = [];
  const report = (progress: Progress): void => void seen.push(progress);
  return { meter: new ProgressMeter("copy", { now: () => clock.time }, report, total), seen };
}

describe("progress", () => {
  it("is told at the start, at most every 100 milliseconds, and at the end", async () => {
    const clock = { time: 1_000 };
    const { meter, seen } = meterAt(clock);
    clock.time = 1_099;
    meter.add(1, 10);
    expect(seen).toHaveLength(1);
    clock.time = 1_100;
    meter.add(2, 20);
    expect(seen).toHaveLength(2);
    clock.time = 1_199;
    meter.add(1, 5);
    expect(seen).toHaveLength(2);
    await meter.end();
    expect(seen.map(({ items, bytes }) => [items, bytes])).toEqual([
      [0, 0],
      [3, 30],
      [4, 35],
    ]);
    expect([meter.items, meter.bytes]).toEqual([4, 35]);
  });

  it("tells the rate, and what is left where the total is known", () => {
    const clock = { time: 0 };
    const { meter, seen } = meterAt(clock, 10);
    clock.time = 500;
    meter.add(4, 2_000);
    clock.time = 1_000;
    meter.add(8, 0);
    expect(seen).toEqual([
      { phase: "copy", items: 0, bytes: 0, bytesPerSecond: 0, totalItems: 10 },
      { phase: "copy", items: 4, bytes: 2_000, bytesPerSecond: 4_000, totalItems: 10, remaining: 750 },
      { phase: "copy", items: 12, bytes: 2_000, bytesPerSecond: 2_000, totalItems: 10, remaining: 0 },
    ]);
  });

  it("tells neither total nor time left where the total is not known", async () => {
    const clock = { time: 0 };
    const { meter, seen } = meterAt(clock);
    clock.time = 1;
    meter.add(1, 3);
    await meter.end();
    expect(seen[1]).toStrictEqual({ phase: "copy", items: 1, bytes: 3, bytesPerSecond: 3_000 });
  });

  it("counts also when nobody listens", async () => {
    const meter = new ProgressMeter("copy", { now: () => 0 });
    meter.add(2, 3);
    await meter.end();
    expect([meter.items, meter.bytes]).toEqual([2, 3]);
  });

  it("counts what was done before, but not in the rate, and tells the time of whichever is left the longest", () => {
    const clock = { time: 0 };
    const seen: Progress[] = [];
    const report = (progress: Progress): void => void seen.push(progress);
    const prospect = { totalBytes: 1_000, done: { items: 4, bytes: 100 } };
    const meter = new ProgressMeter("copy", { now: () => clock.time }, report, 10, prospect);
    clock.time = 1_000;
    meter.add(3, 90);
    expect(seen[1]).toEqual({
      phase: "copy",
      items: 7,
      bytes: 190,
      bytesPerSecond: 90,
      totalItems: 10,
      totalBytes: 1_000,
      remaining: 9_000,
    });
  });

  it("hands on what its listener rejects with, at the latest at the end", async () => {
    const own = new Error("mine");
    const meter = new ProgressMeter("copy", { now: () => 0 }, () => Promise.reject(own));
    await expect(meter.end()).rejects.toMatchObject({ constructor: CallerError, error: own });
    expect(() => meter.add(1, 1)).toThrow();
  });

  it("tells no time left by bytes before there are any, and by items where those take longer", () => {
    const clock = { time: 0 };
    const seen: Progress[] = [];
    const report = (progress: Progress): void => void seen.push(progress);
    const prospect = { totalBytes: 201, done: { items: 4, bytes: 100 } };
    const meter = new ProgressMeter("copy", { now: () => clock.time }, report, 10, prospect);
    expect(seen[0]).not.toHaveProperty("remaining");
    clock.time = 1_000;
    meter.add(0, 1);
    clock.time = 2_000;
    meter.add(1, 90);
    expect(seen.map(({ remaining }) => remaining)).toEqual([undefined, 100_000, 10_000]);
  });

  it("hands on the first of two rejections, and tells a listener that has failed no more", async () => {
    const own = [new Error("first"), new Error("second"), new Error("third")];
    let calls = 0;
    const meter = new ProgressMeter("copy", { now: () => 0 }, () => Promise.reject(own[calls++]));
    await expect(meter.end()).rejects.toMatchObject({ error: own[0] });
    await expect(meter.end()).rejects.toMatchObject({ error: own[0] });
    expect(calls).toBe(2);
  });

  it("of a verification hands on what its listener rejects with", async () => {
    const own = new Error("mine");
    const storage = await openStorage(new MapAdapter());
    await expect(storage.verify("", { progress: (() => Promise.reject(own)) as never })).rejects.toBe(own);
  });

  it("hands an error of its listener to the caller as it is", () => {
    const own = new StorageError("NOT_FOUND", "mine");
    const report = (): never => {
      throw own;
    };
    expect(() => new ProgressMeter("copy", { now: () => 0 }, report)).toThrow(
      expect.objectContaining({ constructor: CallerError, error: own }) as never,
    );
  });
});
