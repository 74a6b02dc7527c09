import type { SeededRandom } from "@holdfast/conformance";
import type { Change, Files, Inode } from "./files.ts";
import type { Trace } from "./trace.ts";

/** What a disk may hold after the power went. */
export interface CrashState {
  readonly files: Files;
  /** The last commit that came before, undefined where none did. */
  readonly database: Uint8Array | undefined;
  /** Equal for states of one trace that hold the same. */
  readonly signature: string;
}

/** How the bytes that were written since a file's last fsync fared. */
const FATES = ["lost", "whole", "torn", "zeros"] as const;
type Fate = (typeof FATES)[number];

interface Choice {
  /** Indexes of changes to names that were not on the disk yet, and nevertheless reached it. */
  readonly kept: ReadonlySet<number>;
  readonly fates: ReadonlyMap<number, Fate>;
  /** Where torn writes end, from 0 to 1. */
  readonly tear: number;
}

interface Pending {
  /** Indexes of changes to names whose directory has not been fsynced since. */
  readonly names: readonly number[];
  /** Indexes of renames whose new name is on the disk, while the old one's directory has not been fsynced since. */
  readonly sources: readonly number[];
  /** Inodes with bytes that were not fsynced, and the index of the first write of these. */
  readonly inodes: ReadonlyMap<number, number>;
}

/**
 * The legal states of the disk when the power goes, at any instant of a trace. What POSIX promises is kept and nothing else:
 * bytes are there after their file was fsynced, names after their directory was. Until then each change to a name may have
 * reached the disk or not, whatever became of those before it; a rename is one change. Bytes may be there, or not, or in part, or
 * as zeros.
 */
export class CrashStates {
  readonly #trace: Trace;
  readonly #start: Files;
  readonly #random: SeededRandom;
  /** What every state from here on has in common: all changes before `#settledTo`. */
  #settled: Files;
  #settledTo = 0;

  /** `start` is what was on the disk, for good, when the trace began. */
  constructor(trace: Trace, start: Files, random: SeededRandom) {
    this.#trace = trace;
    this.#start = start;
    this.#random = random;
    this.#settled = start.clone();
  }

  /** Every state right behind `trace[0 … end)`, or `most` of them by chance. Instants in their order are the cheapest. */
  *at(end: number, most: number): Generator<CrashState> {
    const pending = pendingAt(this.#trace, end);
    this.#settle(Math.min(end, ...pending.names, ...pending.sources, ...pending.inodes.values()));
    const database = lastCommit(this.#trace, end);
    for (const choice of choices(pending, most, this.#random)) {
      const files = this.#build(end, pending, choice);
      yield { files, database: database?.bytes, signature: `${database?.index ?? "none"}|${describe(files)}` };
    }
  }

  #settle(to: number): void {
    if (to < this.#settledTo) {
      this.#settled = this.#start.clone();
      this.#settledTo = 0;
    }
    for (; this.#settledTo < to; this.#settledTo++) {
      const event = this.#trace[this.#settledTo];
      if (event?.type === "change") this.#settled.apply(event.change, event.time);
    }
  }

  #build(end: number, pending: Pending, { kept, fates, tear }: Choice): Files {
    const files = this.#settled.clone();
    const optional = new Set(pending.names);
    const keepsSource = new Set(pending.sources.filter((at) => !kept.has(at)));
    for (let index = this.#settledTo; index < end; index++) {
      const event = this.#trace[index];
      if (event?.type !== "change") continue;
      const { change, time } = event;
      if (optional.has(index) && !kept.has(index)) continue;
      if (change.type === "write" && index >= (pending.inodes.get(change.inode) ?? end)) {
        applyWrite(files, change, time, fates.get(change.inode) ?? "lost", tear);
      } else if (change.type === "rename" && keepsSource.has(index)) {
        const { inode, path } = change;
        files.apply({ type: "rename", inode, from: path, path }, time);
      } else files.apply(change, time);
    }
    return files;
  }
}

function pendingAt(trace: Trace, end: number): Pending {
  const names = new Set<number>();
  const sources = new Set<number>();
  const inodes = new Map<number, number>();
  for (let index = 0; index < end; index++) {
    const event = trace[index];
    if (event?.type !== "change") continue;
    const { change } = event;
    if (change.type === "write") {
      if (!inodes.has(change.inode)) inodes.set(change.inode, index);
    } else if (change.type === "fsync") {
      inodes.delete(change.inode);
    } else if (change.type === "fsyncDirectory") {
      for (const at of names) {
        const other = changeAt(trace, at);
        if (directoryOf(other) !== change.path) continue;
        names.delete(at);
        if (other.type === "rename" && parent(other.from) !== change.path) sources.add(at);
        // Whatever happened in a directory that is gone is settled with it.
        if (other.type !== "rmdir") continue;
        for (const below of names) {
          if (below < at && isBelow(directoryOf(changeAt(trace, below)), other.path)) names.delete(below);
        }
      }
      for (const at of sources) {
        const other = changeAt(trace, at);
        if (other.type === "rename" && parent(other.from) === change.path) sources.delete(at);
      }
    } else names.add(index);
  }
  return { names: [...names], sources: [...sources], inodes };
}

function* choices({ names, sources, inodes }: Pending, most: number, random: SeededRandom): Generator<Choice> {
  const optional = [...names, ...sources];
  const count = 2 ** optional.length * FATES.length ** inodes.size;
  if (count <= most) {
    for (let number = 0; number < count; number++) {
      const kept = new Set(optional.filter((_, bit) => Math.floor(number / 2 ** bit) % 2 === 1));
      let rest = Math.floor(number / 2 ** optional.length);
      const fates = new Map<number, Fate>();
      for (const inode of inodes.keys()) {
        fates.set(inode, FATES[rest % FATES.length] as Fate);
        rest = Math.floor(rest / FATES.length);
      }
      yield { kept, fates, tear: random.fraction() };
    }
    return;
  }
  for (let n = 0; n < most; n++) {
    // The ends first: nothing that may be lost is there, and all of it.
    const odds = n === 0 ? 0 : n === 1 ? 1 : random.fraction();
    const kept = new Set(optional.filter(() => random.fraction() < odds));
    const fates = new Map<number, Fate>();
    for (const inode of inodes.keys()) fates.set(inode, n === 0 ? "lost" : n === 1 ? "whole" : random.pick(FATES));
    yield { kept, fates, tear: random.fraction() };
  }
}

function applyWrite(
  files: Files,
  change: Extract<Change, { type: "write" }>,
  time: bigint,
  fate: Fate,
  tear: number,
): void {
  if (fate === "lost") return;
  const { bytes } = change;
  if (fate === "whole") files.apply(change, time);
  else if (fate === "zeros") files.apply({ ...change, bytes: new Uint8Array(bytes.byteLength) }, time);
  else files.apply({ ...change, bytes: bytes.subarray(0, Math.floor(bytes.byteLength * tear)) }, time);
}

function lastCommit(trace: Trace, end: number): { index: number; bytes: Uint8Array } | undefined {
  for (let index = end - 1; index >= 0; index--) {
    const event = trace[index];
    if (event?.type === "commit") return { index, bytes: event.database };
  }
  return undefined;
}

function describe({ names, directories }: Files): string {
  const files = [...names].map(([path, inode]) => `${path}=${fingerprint(inode)}`);
  return [...directories, ...files].sort().join("\n");
}

const SAMPLES = 16;

/** By length, times and a few bytes: what fared differently within one trace differs in one of them. */
function fingerprint({ number, bytes, mtime, ctime }: Inode): string {
  let sample = `${bytes[bytes.byteLength - 1] ?? ""}`;
  for (let n = 0; n < SAMPLES; n++) sample += `,${bytes[Math.floor((n * bytes.byteLength) / SAMPLES)] ?? ""}`;
  return `${number}:${bytes.byteLength}:${mtime}:${ctime}:${sample}`;
}

function changeAt(trace: Trace, index: number): Change {
  const event = trace[index];
  if (event?.type !== "change") throw new Error(`event ${index} is no change`);
  return event.change;
}

function directoryOf(change: Change): string {
  return "path" in change ? parent(change.path) : "";
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
