import type { FileStat } from "./port/file-system-port.js";

/** How a data file looked when it was recorded, in one text. */
export type Fingerprint = string;

/** A clock's grain at most: two changes within it may leave one modification time. FAT has two seconds. */
const GRAIN = 2_000;
const NANOSECONDS = 1_000_000n;

/** `now` is when the stat was taken, in milliseconds since 1970. */
export function fingerprintOf(stat: FileStat, now: number): Fingerprint {
  return `${lookOf(stat)} ${now}`;
}

/** Whether a stat is the recorded one. */
export function looksLike(fingerprint: Fingerprint, stat: FileStat): boolean {
  return stat.kind === "file" && fingerprint.startsWith(`${lookOf(stat)} `);
}

/** Whether a change right after recording could have left the stat as it is, so that only the content tells. */
export function isFresh(fingerprint: Fingerprint, stat: FileStat): boolean {
  const recorded = Number(fingerprint.slice(fingerprint.lastIndexOf(" ") + 1));
  return recorded - Number(stat.mtime / NANOSECONDS) < GRAIN;
}

/** Whether two stats, taken one after the other, are of one and the same content. */
export function sameLook(a: FileStat, b: FileStat): boolean {
  return lookOf(a) === lookOf(b);
}

/** As `sameLook`, but lets the file have got another name meanwhile. */
export function sameContent(a: FileStat, b: FileStat): boolean {
  return a.size === b.size && a.mtime === b.mtime && a.inode === b.inode;
}

function lookOf({ size, mtime, ctime, inode }: FileStat): string {
  return `${size} ${mtime} ${ctime} ${inode}`;
}
