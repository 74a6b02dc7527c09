import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Recording } from "./recording-port.ts";
import { readTrace, type SystemCall, TRACED } from "./system-calls.ts";

export interface CrossCheck {
  /** Calls that the port recorded. */
  readonly recorded: number;
  /** Calls on SQLite's own files, which do not go through the port. */
  readonly ofSqlite: number;
  readonly wrong: readonly string[];
}

const SCRIPT = fileURLToPath(new URL("recorded-run.ts", import.meta.url));

/** Why system calls cannot be watched on this machine; undefined where they can. */
export function whyNoStrace(): string | undefined {
  try {
    execFileSync("strace", ["-qq", "-o", "/dev/null", "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "system calls are watched with strace, which does not run here (Debian: apt-get install strace)";
  }
}

/**
 * Lets the filesystem adapter work on real files and compares what went through its port, on which the power model rests, with
 * the system calls of the process: the same calls, in the same order, and none beside them but SQLite's on its own files.
 */
export function crossCheck(seed: number): CrossCheck {
  const home = mkdtempSync(join(tmpdir(), "holdfast-strace-"));
  try {
    const [area, report, trace] = [join(home, "area"), join(home, "recording.json"), join(home, "trace")];
    const root = join(area, "root");
    execFileSync(
      "strace",
      // Descriptors with their paths; no bytes.
      ["-f", "-qq", "-y", "-s", "0", "-e", `trace=${TRACED}`, "-e", "signal=none", "-o", trace].concat([
        process.execPath,
        SCRIPT,
        root,
        report,
        String(seed),
      ]),
      // libuv would give fsyncs to the kernel by a way that no trace shows.
      { env: { ...process.env, UV_USE_IO_URING: "0" }, stdio: ["ignore", "inherit", "inherit"] },
    );
    const recording: Recording = JSON.parse(readFileSync(report, "utf8"));
    return compare(recording, readTrace(readFileSync(trace, "utf8")), { home, area, root });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

export interface Places {
  /** Its first call is the adapter's too: the area does not exist before. */
  readonly home: string;
  readonly area: string;
  readonly root: string;
}

export function compare(recording: Recording, calls: readonly SystemCall[], { home, area, root }: Places): CrossCheck {
  const { calls: recorded, together } = recording;
  const inside = calls.filter(({ paths, text }) =>
    paths.some((path) => path === area || path.startsWith(`${area}/`) || (path === home && /^fsync/.test(text))),
  );
  const [adapter = ""] = inside.map(({ thread }) => thread);
  const own = new RegExp(String.raw`^${root}/\.holdfast/(?:store|mirror)\.db(?:-wal|-shm|-journal)?$`);
  const ofSqlite = inside.filter(
    // SQLite brings the names of its files to the medium by a directory that it does not open as one.
    ({ paths, text }) => paths.every((path) => own.test(path)) || text === `fsync ${root}/.holdfast`,
  );
  const sqlite = new Set(ofSqlite);
  const main = inside.filter((call) => call.thread === adapter && !sqlite.has(call));
  const others = inside.filter((call) => call.thread !== adapter && !sqlite.has(call));
  const wrong: string[] = [];
  const at = Array.from({ length: Math.max(main.length, recorded.length) }, (_, index) => index).find(
    (index) => main[index]?.text !== recorded[index],
  );
  if (at !== undefined) wrong.push(`call ${at}: the port has "${recorded[at]}", the system "${main[at]?.text}"`);
  const rest = new Set(others);
  for (const { path, from, to } of together) {
    const call = others.find((each) => rest.has(each) && each.text === `fsync ${path}`);
    if (call === undefined) wrong.push(`the port has "fsync ${path}" by another thread, the system has not`);
    else {
      rest.delete(call);
      const isBetween =
        (main[from - 1]?.ended ?? -1) < call.begun && call.ended < (main[to]?.begun ?? Number.POSITIVE_INFINITY);
      if (!isBetween) wrong.push(`"fsync ${path}" does not lie between calls ${from} and ${to} of the port`);
    }
  }
  for (const { text } of rest) wrong.push(`the system has "${text}" by another thread, the port has not`);
  return { recorded: recorded.length + together.length, ofSqlite: ofSqlite.length, wrong };
}
