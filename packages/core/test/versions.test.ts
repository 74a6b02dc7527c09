import { VersionClock } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { LATEST_CLOCK } from "../dist/versions.js";
import { FakePorts } from "./support/fake-ports.js";

describe("VersionClock", () => {
  it("makes each version greater than the one before, in one instant and across instants", () => {
    const ports = new FakePorts();
    const clock = new VersionClock(ports);
    const versions = Array.from({ length: 200_000 }, (_, index) => {
      if (index % 70_000 === 0) ports.time++;
      return clock.next();
    });
    expect(versions).toEqual([...new Set(versions)].sort());
    expect(new Set(versions.map((version) => version.length))).toEqual(new Set([30]));
  });

  it("is not lowered by a clock that was set back", () => {
    const ports = new FakePorts();
    const clock = new VersionClock(ports);
    const before = clock.next();
    ports.time -= 365 * 24 * 3_600_000;
    expect(clock.next() > before).toBe(true);
  });

  it("starts above the last version of the store", () => {
    const ports = new FakePorts();
    const before = new VersionClock(ports).next();
    ports.time = 0;
    expect(new VersionClock(ports, before).next() > before).toBe(true);
  });

  it("stays above what it observes, whoever made it", () => {
    const ahead = new FakePorts();
    ahead.time += 5_000;
    const peer = new VersionClock(ahead);
    peer.next();
    const seen = peer.next();
    const clock = new VersionClock(new FakePorts());
    clock.observe(seen);
    expect(clock.next() > seen).toBe(true);
  });

  it("knows its own versions from those of others", () => {
    const ports = new FakePorts();
    const clock = new VersionClock(ports);
    const other = new VersionClock(ports);
    expect(clock.made(clock.next())).toBe(true);
    expect(clock.made(other.next())).toBe(false);
  });

  it.each([Number.NaN, -1, LATEST_CLOCK + 1, Number.POSITIVE_INFINITY])("refuses a clock that reads %d", (time) => {
    const ports = new FakePorts();
    ports.time = time;
    expect(() => new VersionClock(ports).next()).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});
