import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("fault.c", import.meta.url));

/** Why calls cannot be made to fail on this machine; undefined where they can. */
export function whyNoFaults(): string | undefined {
  if (process.platform !== "linux") return `faults are injected on Linux only, and this is ${process.platform}`;
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "there is no C compiler here (Debian: apt-get install gcc libc6-dev)";
  }
}

/** The path of the library to preload, compiled when its source has changed. */
export function faultLibrary(): string {
  const library = join(
    tmpdir(),
    `holdfast-fault-${process.getuid?.() ?? 0}-${Math.floor(statSync(source).mtimeMs)}.so`,
  );
  if (existsSync(library)) return library;
  // Several processes may do so at once: each compiles its own and puts it in place whole.
  const fresh = join(mkdtempSync(join(tmpdir(), "holdfast-fault-")), "fault.so");
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o", fresh, source, "-ldl", "-lpthread"]);
  renameSync(fresh, library);
  return library;
}

/** The environment of a process each of whose fsyncs takes so many microseconds longer. */
export function slowFsync(microseconds: number): Record<string, string> {
  return { LD_PRELOAD: faultLibrary(), FAULT_DELAY: String(microseconds) };
}
