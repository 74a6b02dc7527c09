import { checkDelete, checkWrite, type Expectation, type RecordHeader, type Version } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { header } from "../query/samples.js";

const version = (counter: number): Version =>
  `0197c0000000-${String(counter).padStart(4, "0")}-aaaaaaaaaaaa` as Version;
const [older, standing, newer] = [version(1), version(2), version(3)];
const NOW = 1_000;

/** A record of the version `standing`. */
const record = (expiration: number | null = null): RecordHeader => header({ version: standing, expiration });

describe("a write", () => {
  const write = (
    stands: { stored?: RecordHeader; tombstone?: Version },
    written: Version,
    expect: Expectation = "any",
  ): unknown => {
    const { stored, tombstone } = stands;
    return checkWrite({ stored, tombstone }, written, { expect, now: NOW });
  };

  it("goes ahead where nothing stands, or something below it", () => {
    expect(write({}, newer)).toBeUndefined();
    expect(write({}, newer, "absent")).toBeUndefined();
    expect(write({ stored: record() }, newer)).toBeUndefined();
    expect(write({ stored: record() }, newer, standing)).toBeUndefined();
    expect(write({ tombstone: standing }, newer, "absent")).toBeUndefined();
    expect(write({ stored: record(NOW) }, newer, "absent")).toBeUndefined();
  });

  it("conflicts where something else stands than it expects", () => {
    const current = record();
    expect(write({ stored: current }, newer, "absent")).toEqual({ outcome: "conflict", current });
    expect(write({ stored: current }, newer, older)).toEqual({ outcome: "conflict", current });
    expect(write({}, newer, standing)).toEqual({ outcome: "conflict", current: undefined });
    expect(write({ tombstone: standing }, newer, standing)).toEqual({ outcome: "conflict", current: undefined });
    expect(write({ stored: record(NOW) }, newer, standing)).toEqual({ outcome: "conflict", current: undefined });
  });

  it("is stale below what stands, living, expired or deleted", () => {
    const stale = { outcome: "stale", floor: standing };
    expect(write({ stored: record() }, older)).toEqual(stale);
    expect(write({ stored: record(NOW) }, older, "absent")).toEqual(stale);
    expect(write({ tombstone: standing }, older)).toEqual(stale);
  });

  it("meets its own effect as stale, whatever it expected, and never as a conflict", () => {
    const stale = { outcome: "stale", floor: standing };
    expect(write({ stored: record() }, standing, "absent")).toEqual(stale);
    expect(write({ stored: record() }, standing, older)).toEqual(stale);
    expect(write({ tombstone: standing }, standing, older)).toEqual(stale);
  });

  it("that is stale and in conflict is in conflict: a new version would not help", () => {
    expect(write({ stored: record() }, older, "absent")).toMatchObject({ outcome: "conflict" });
  });

  it("takes the record's version for the floor where a tombstone stands beside it", () => {
    expect(write({ stored: record(), tombstone: older }, standing)).toEqual({ outcome: "stale", floor: standing });
  });
});

describe("a deletion", () => {
  const remove = (
    stands: { stored?: RecordHeader; tombstone?: Version },
    deleted: Version,
    expect: "any" | Version = "any",
  ): unknown => {
    const { stored, tombstone } = stands;
    return checkDelete({ stored, tombstone }, { version: deleted, expect, now: NOW });
  };

  it("goes ahead where a living record below it stands", () => {
    expect(remove({ stored: record() }, newer)).toBeUndefined();
    expect(remove({ stored: record() }, newer, standing)).toBeUndefined();
    expect(remove({ stored: record(NOW + 1) }, newer)).toBeUndefined();
  });

  it("finds nothing where nothing lives, and tells of the tombstone", () => {
    expect(remove({}, newer)).toEqual({ outcome: "absent", tombstone: undefined });
    expect(remove({ tombstone: standing }, newer)).toEqual({ outcome: "absent", tombstone: standing });
    expect(remove({ stored: record(NOW) }, newer)).toEqual({ outcome: "absent", tombstone: undefined });
  });

  it("conflicts where another version stands than it expects, or none", () => {
    const current = record();
    expect(remove({ stored: current }, newer, older)).toEqual({ outcome: "conflict", current });
    expect(remove({}, newer, older)).toEqual({ outcome: "conflict", current: undefined });
    expect(remove({ tombstone: standing }, newer, older)).toEqual({ outcome: "conflict", current: undefined });
  });

  it("is stale at or below what lives", () => {
    const stale = { outcome: "stale", floor: standing };
    expect(remove({ stored: record() }, older)).toEqual(stale);
    expect(remove({ stored: record() }, standing)).toEqual(stale);
  });

  it("meets its own tombstone as absent, whatever it expected", () => {
    const absent = { outcome: "absent", tombstone: standing };
    expect(remove({ tombstone: standing }, standing, older)).toEqual(absent);
    expect(remove({ tombstone: standing, stored: record(NOW) }, standing, older)).toEqual(absent);
  });

  it("does not take a living record for its own effect because of a tombstone beside it", () => {
    expect(remove({ stored: record(), tombstone: newer }, newer)).toBeUndefined();
  });
});
