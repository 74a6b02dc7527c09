import { SeededRandom } from "@holdfast/conformance";
import { describe, expect, it } from "vitest";
import { CrashStates } from "../src/replay/crash-states.ts";
import { type Change, Files, SimulatedDisk } from "../src/replay/files.ts";
import type { Event } from "../src/replay/trace.ts";

/** What the files may hold after the power went behind what `work` did: names with their bytes as text. */
function outcomes(work: (disk: SimulatedDisk) => void): Set<string> {
  const start = () => new Files(["", "/d", "/e"]);
  const trace: Event[] = [];
  let time = 0n;
  const told = (change: Change, at: bigint) => trace.push({ type: "change", change, time: at });
  work(new SimulatedDisk(start(), { now: () => ++time, told }));
  const states = new CrashStates(trace, start(), new SeededRandom(1)).at(trace.length, 10_000);
  return new Set(
    Array.from(states, ({ files }) =>
      [...files.names]
        .map(([path, { bytes }]) => `${path}=${Buffer.from(bytes).toString("latin1")}`)
        .sort()
        .join(" "),
    ),
  );
}

function put(disk: SimulatedDisk, path: string, text: string, { fsync = true } = {}): void {
  const descriptor = disk.openNew(path);
  disk.write(descriptor, Buffer.from(text));
  if (fsync) disk.fsync(descriptor);
  disk.close(descriptor);
}

describe("the power goes", () => {
  it("a file that was fsynced in a directory that was not may be gone", () => {
    expect(outcomes((disk) => put(disk, "/d/a", "xy"))).toEqual(new Set(["", "/d/a=xy"]));
  });

  it("and stays once its directory was fsynced", () => {
    const states = outcomes((disk) => {
      put(disk, "/d/a", "xy");
      disk.fsyncDirectory("/d");
    });
    expect(states).toEqual(new Set(["/d/a=xy"]));
  });

  it("bytes that were not fsynced may be missing, torn or zeros", () => {
    const states = outcomes((disk) => {
      put(disk, "/d/a", "xyz", { fsync: false });
      disk.fsyncDirectory("/d");
    });
    expect(states).toContain("/d/a=");
    expect(states).toContain("/d/a=xyz");
    expect(states).toContain("/d/a=\0\0\0");
  });

  it("a rename is the old file or the new one, never neither", () => {
    const states = outcomes((disk) => {
      put(disk, "/d/a", "old");
      put(disk, "/d/t", "new");
      disk.fsyncDirectory("/d");
      disk.rename("/d/t", "/d/a");
    });
    expect(states).toEqual(new Set(["/d/a=old /d/t=new", "/d/a=new"]));
  });

  it("changes to names may reach the disk in another order", () => {
    const states = outcomes((disk) => {
      put(disk, "/d/a", "1");
      put(disk, "/d/b", "2");
    });
    expect(states).toEqual(new Set(["", "/d/a=1", "/d/b=2", "/d/a=1 /d/b=2"]));
  });

  it("a file that moved into a directory which was fsynced is there, and may be under its old name too", () => {
    const states = outcomes((disk) => {
      put(disk, "/d/a", "x");
      disk.rename("/d/a", "/e/a");
      disk.fsyncDirectory("/e");
    });
    expect(states).toContain("/e/a=x");
    expect([...states].every((state) => state.includes("/e/a=x"))).toBe(true);
  });

  it("what is in a directory whose own name did not reach the disk is gone", () => {
    const states = outcomes((disk) => {
      disk.mkdir("/d/n");
      put(disk, "/d/n/a", "x");
      disk.fsyncDirectory("/d/n");
    });
    expect(states).toEqual(new Set(["", "/d/n/a=x"]));
  });

  it("a directory whose removal is on the disk is gone with all that was removed from it", () => {
    const states = outcomes((disk) => {
      disk.mkdir("/d/n");
      put(disk, "/d/n/a", "x");
      disk.fsyncDirectory("/d/n");
      disk.fsyncDirectory("/d");
      disk.unlink("/d/n/a");
      disk.rmdir("/d/n");
      disk.fsyncDirectory("/d");
    });
    expect(states).toEqual(new Set([""]));
  });

  it("and until then may be there with it, or without", () => {
    const states = outcomes((disk) => {
      disk.mkdir("/d/n");
      put(disk, "/d/n/a", "x");
      disk.fsyncDirectory("/d/n");
      disk.fsyncDirectory("/d");
      disk.unlink("/d/n/a");
      disk.rmdir("/d/n");
    });
    expect(states).toEqual(new Set(["", "/d/n/a=x"]));
  });
});
