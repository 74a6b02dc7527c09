import { isVersion, type Version, VersionClock, versionTime } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { LATEST_CLOCK, MAX_DRIFT } from "../dist/versions.js";
import { FakePorts } from "./support/fake-ports.js";

function clockAt(time: number, last?: Version): { clock: VersionClock; ports: FakePorts } {
  const ports = new FakePorts();
  ports.time = time;
  return { clock: new VersionClock(ports, last), ports };
}

const versionOf = (milliseconds: number, counter: number): Version =>
  `${milliseconds.toString(16).padStart(12, "0")}-${counter.toString(16).padStart(4, "0")}-aaaaaaaaaaaa` as Version;

const stamp = (version: Version): string => version.slice(0, 17);

describe("a version", () => {
  it("says when it was made, in whole milliseconds, and counts from 0 on in each", () => {
    const { clock, ports } = clockAt(0x1234 + 0.75);
    expect(stamp(clock.next())).toBe("000000001234-0000");
    expect(stamp(clock.next())).toBe("000000001234-0001");
    ports.time++;
    expect(stamp(clock.next())).toBe("000000001235-0000");
    expect(versionTime(versionOf(0x1234, 7))).toBe(0x1234);
  });

  it("is made from any clock between 1970 and the latest, both included", () => {
    for (const time of [0, 1, 2]) expect(stamp(clockAt(time).clock.next())).toBe(`00000000000${time}-0000`);
    expect(versionTime(clockAt(LATEST_CLOCK).clock.next())).toBe(LATEST_CLOCK);
    expect(LATEST_CLOCK).toBe(Date.UTC(2200, 0, 1));
  });

  it("goes on in the next millisecond when the counter is used up, and only then", () => {
    const { clock } = clockAt(5, versionOf(0x100, 0xfffd));
    expect([clock.next(), clock.next(), clock.next()].map(stamp)).toEqual([
      "000000000100-fffe",
      "000000000100-ffff",
      "000000000101-0000",
    ]);
  });

  it("has its shape, from the first character to the last", () => {
    const version = versionOf(1, 1);
    expect(isVersion(version)).toBe(true);
    for (const wrong of [`${version}0`, `0${version}`, version.toUpperCase(), version.replace("-", ""), ""]) {
      expect(isVersion(wrong), wrong).toBe(false);
    }
  });
});

describe("what a clock observes", () => {
  it("raises it to just above", () => {
    const { clock } = clockAt(5);
    clock.observe(versionOf(0x200, 9));
    expect(stamp(clock.next())).toBe("000000000200-000a");
  });

  it("raises it within a millisecond, and never lowers it", () => {
    const { clock } = clockAt(5, versionOf(0x200, 9));
    clock.observe(versionOf(0x200, 3));
    clock.observe(versionOf(0x1ff, 0xff));
    expect(stamp(clock.next())).toBe("000000000200-000a");
    clock.observe(versionOf(0x200, 0x20));
    expect(stamp(clock.next())).toBe("000000000200-0021");
    clock.observe(versionOf(0x201, 1));
    expect(stamp(clock.next())).toBe("000000000201-0002");
  });

  it("may be a day ahead of the latest clock and no more", () => {
    const { clock } = clockAt(5);
    expect(MAX_DRIFT).toBe(24 * 3_600_000);
    clock.observe(versionOf(LATEST_CLOCK + MAX_DRIFT, 0));
    expect(versionTime(clock.next())).toBe(LATEST_CLOCK + MAX_DRIFT);
    const late = [LATEST_CLOCK + MAX_DRIFT + 1, 2 ** 44].map((milliseconds) => versionOf(milliseconds, 0));
    for (const impossible of [...late, "no version" as Version]) {
      expect(() => clock.observe(impossible)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    }
  });

  it("was made by it when the end says so", () => {
    const { clock } = clockAt(5);
    const own = clock.next();
    expect(clock.made(own)).toBe(true);
    expect(clock.made(versionOf(5, 0))).toBe(false);
    expect(own).toMatch(/^[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  });

  it("pads every byte of its own name", () => {
    const ports = Object.assign(new FakePorts(), {
      random: { bytes: (length: number) => new Uint8Array(length).fill(3), fraction: () => 0 },
    });
    expect(new VersionClock(ports).next().slice(-13)).toBe("-030303030303");
  });
});
