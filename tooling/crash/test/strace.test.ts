import { describe, expect, it } from "vitest";
import { compare } from "../src/strace/cross-check.ts";
import type { Recording } from "../src/strace/recording-port.ts";
import { readTrace } from "../src/strace/system-calls.ts";

const places = { home: "/t", area: "/t/area", root: "/t/area/root" };

/** A save whose file is brought to the medium by another thread, with SQLite at work between. */
const TRACE = String.raw`
10 mkdir("/t/area/root", 0700) = 0
10 openat(AT_FDCWD</w>, "/t/area/root", O_RDONLY|O_DIRECTORY) = 20</t/area/root>
10 openat(AT_FDCWD</w>, "/t/area/root/.holdfast/store.db", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 18</t/area/root/.holdfast/store.db>
10 pwrite64(18</t/area/root/.holdfast/store.db>, ""..., 4096, 0) = 4096
10 openat(AT_FDCWD</w>, "/proc/self/fd/20/\303\274.tmp", O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW, 0600) = 21</t/area/root/\303\274.tmp>
10 write(21</t/area/root/\303\274.tmp>, ""..., 5) = 5
11 fsync(21</t/area/root/\303\274.tmp> <unfinished ...>
10 fdatasync(18</t/area/root/.holdfast/store.db>) = 0
11 <... fsync resumed>) = 0
10 rename("/proc/self/fd/20/\303\274.tmp", "/proc/self/fd/20/\303\274") = 0
10 rmdir("/t/area/root/full") = -1 ENOTEMPTY (Directory not empty)
10 fsync(20</t/area/root>) = 0
`
  .trim()
  .split("\n");

const RECORDING: Recording = {
  calls: [
    "mkdir /t/area/root",
    "create /t/area/root/ü.tmp",
    "write /t/area/root/ü.tmp 5",
    "rename /t/area/root/ü.tmp /t/area/root/ü",
    "fsync-directory /t/area/root",
  ],
  together: [{ path: "/t/area/root/ü.tmp", from: 3, to: 3 }],
};

describe("the port's recording beside a trace of system calls", () => {
  const check = (trace: readonly string[], recording = RECORDING) =>
    compare(recording, readTrace(trace.join("\n")), places);

  it("agrees where the same calls were made in the same order", () => {
    expect(check(TRACE)).toEqual({ recorded: 6, ofSqlite: 3, wrong: [] });
  });

  it("tells of a call beside the port, of whatever kind", () => {
    const beside = String.raw`10 ftruncate(21</t/area/root/\303\274.tmp>, 3) = 0`;
    expect(check([...TRACE, beside]).wrong).toEqual([
      'call 5: the port has "undefined", the system "ftruncate /t/area/root/ü.tmp"',
    ]);
  });

  it("tells of a call that the port has and the system has not", () => {
    expect(check(TRACE.slice(0, -1)).wrong).toEqual([
      'call 4: the port has "fsync-directory /t/area/root", the system "undefined"',
    ]);
  });

  it("tells of an fsync by another thread that comes too late, or not at all", () => {
    const fsyncs = TRACE.filter((line) => line.startsWith("11"));
    const others = TRACE.filter((line) => !line.startsWith("11"));
    expect(check(others).wrong).toEqual([
      'the port has "fsync /t/area/root/ü.tmp" by another thread, the system has not',
    ]);
    expect(check([...others, ...fsyncs]).wrong).toEqual([
      '"fsync /t/area/root/ü.tmp" does not lie between calls 3 and 3 of the port',
    ]);
  });
});
