import { closeSync, fsyncSync, openSync, readFileSync, statfsSync, writeSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { spreadOf } from "./statistics.ts";

/** What the figures depend on. Names neither a host nor a path. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly filesystem: string;
  readonly node: string;
  /** Median microseconds of appending 4 KiB and waiting for the disk: what a durable write cannot go below. */
  readonly fsyncMicroseconds: number;
  /** Processes that wanted a core in the minute before the run. */
  readonly loadBefore: number;
}

// From Linux's magic.h; statfs has numbers, not names.
const FILESYSTEMS: Readonly<Record<number, string>> = {
  61267: "ext4",
  1481003842: "xfs",
  2435016766: "btrfs",
  801189825: "zfs",
  2035054128: "overlayfs",
  16914836: "tmpfs",
  26985: "nfs",
  26: "apfs",
};

/** @param directory where the benchmarks write */
export function describeMachine(directory: string): Machine {
  const [loadBefore = 0] = loadavg();
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: describeSystem(),
    filesystem: describeFilesystem(directory),
    node: process.versions.node,
    fsyncMicroseconds: measureFsync(directory),
    loadBefore: Math.round(loadBefore * 100) / 100,
  };
}

function describeFilesystem(directory: string): string {
  const number = statfsSync(directory).type;
  return FILESYSTEMS[number] ?? `type 0x${number.toString(16)}`;
}

function describeSystem(): string {
  if (type() !== "Linux") return `${type()} ${release()}`;
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown distribution";
  // Without the builder's suffix.
  return `${name}, Linux ${release().split("-", 1)[0]}`;
}

function measureFsync(directory: string): number {
  const file = openSync(join(directory, "fsync"), "w");
  const page = new Uint8Array(4096).fill(7);
  const microseconds: number[] = [];
  for (let round = 0; round < 200; round++) {
    const start = performance.now();
    writeSync(file, page);
    fsyncSync(file);
    microseconds.push((performance.now() - start) * 1000);
  }
  closeSync(file);
  return Math.round(spreadOf(microseconds).median);
}
