import { isDeepStrictEqual } from "node:util";
import { type Awaitable, BEFORE_ALL_TIME, type Problem, type RecordHeader } from "@holdfast/core";
import { classify } from "@holdfast/sqlite/item-table";
import { MOST_IN_TABLE } from "../body-files.js";
import { breathing } from "../breath.js";
import type { Companion } from "../companion.js";
import { companionAt } from "../edits/companion-at.js";
import { walk } from "../edits/scan.js";
import type { FileStore } from "../file-store.js";
import { looksLike } from "../fingerprint.js";
import { hashOf } from "../look.js";
import { isTemporary } from "../names/dropped-in.js";
import { COMPANION_EXTENSION } from "../names/pair-names.js";
import { fold, isSameName } from "../names/segments.js";
import type { FileSystemPort } from "../port/file-system-port.js";
import { isUnreadable, splitPath } from "../root-directory.js";
import { type FileRow, readIntents, type StandingPair, standingOf } from "../table/file-table.js";
import type { Finding, Remedy } from "./findings.js";

const PAGE = 500;

/** What came to its name less long ago may not be complete: no temp of the mirror is older, unless its process died. Milliseconds. */
const YOUNG = 60_000;

/** Everything about the files that is not as the table says. Changes nothing. Throws UNAVAILABLE while the root is away. */
export async function lookThrough(store: FileStore, signal: AbortSignal | undefined): Promise<Finding[]> {
  store.requireRoot();
  const findings: Finding[] = [];
  for (const look of [pairs, previousVersions, strangers, leftovers, absentees])
    findings.push(...(await look(store, signal)));
  // What is missing from another root is not missing.
  store.requireRoot();
  return findings;
}

/** Hashes every data file and reads every companion. */
async function pairs({ files, internals, directories, table }: FileStore, signal: AbortSignal | undefined) {
  const { files: port } = internals;
  const breathe = breathing();
  const findings: Finding[] = [];
  for (let rows = files.after("", PAGE); rows.length > 0; rows = files.after(rows.at(-1)?.key ?? "", PAGE)) {
    for (const row of rows) {
      signal?.throwIfAborted();
      await breathe();
      const standing = standingOf(row);
      // What is pending is the mirror's to compare.
      if (row.pending === 1 || standing === undefined) continue;
      const header = table.stat(row.key, BEFORE_ALL_TIME);
      const look = () => lookAtPair(port, directories.root, row, standing, header, breathe);
      const found = await reading(standing.path, row.key, look);
      if (found !== undefined && isSame(files.find(row.key), row)) findings.push(found);
    }
  }
  return findings;
}

/** Undefined when a settled pair is as the table says. */
async function lookAtPair(
  port: FileSystemPort,
  root: string,
  row: FileRow,
  standing: StandingPair,
  header: RecordHeader | undefined,
  breathe: () => Promise<void>,
): Promise<Finding | undefined> {
  const path = `${root}/${standing.path}`;
  const sha256 = await hashOf(port, path, breathe);
  // Afterwards: who changes it meanwhile shows in its times.
  const stat = port.lstat(path);
  if (sha256 !== standing.sha256) {
    return dataFinding(row, standing, header, stat !== undefined && looksLike(standing.stat, stat), sha256);
  }
  const isTold = tellsOf(companionAt(port, root, standing.companion), standing, header);
  return isTold ? undefined : companionFinding(row, standing);
}

/** Hashes the file of every previous version that has one. */
async function previousVersions(store: FileStore, signal: AbortSignal | undefined) {
  const { copies, internals, bodies, reader, table } = store;
  const breathe = breathing();
  const findings: Finding[] = [];
  for (const copy of copies.all()) {
    signal?.throwIfAborted();
    await breathe();
    const { key, version, place, sha256 } = copy;
    const found = await hashOf(internals.files, bodies.locate(place), breathe);
    // It may have been moved, or dropped, meanwhile.
    if (found === sha256 || copies.find(key, version)?.place !== place) continue;
    const kept = table.history.list(key, BEFORE_ALL_TIME).find(({ header }) => header.version === version)?.header;
    // A body that is on its way, into its place or from there, is where the mirror has it.
    if (kept === undefined || (found === undefined && reader.has(kept))) continue;
    const what = `${place}, version ${version}, is ${found === undefined ? "missing" : "damaged"}`;
    const isInTable = kept.storedSize <= MOST_IN_TABLE;
    findings.push(
      isInTable
        ? finding(`${what}: the table has that version, without a file`, { do: "forget", copy }, key)
        : finding(`${what}: that version cannot be loaded any more`, { do: "nothing" }, key),
    );
  }
  return findings;
}

/** Files in the root that belong to nobody. */
async function strangers(store: FileStore, signal: AbortSignal | undefined) {
  const { internals, directories } = store;
  const { files: port } = internals;
  const findings: Finding[] = [];
  const unreadable = (directory: string, error: unknown) =>
    findings.push(unreadableFinding(directory, undefined, error));
  for await (const { directory, entries } of walk(port, directories.root, "", { unreadable })) {
    for (const { name, kind } of entries) {
      signal?.throwIfAborted();
      const path = directory === "" ? name : `${directory}/${name}`;
      if (kind === "directory" || isOwned(store, path)) continue;
      if (kind === "file" && isTemporary(name)) {
        // The mirror may be just about to rename it.
        if (isYoung(store, path)) continue;
        findings.push(finding(`${path} is an unfinished file that a process left behind`, { do: "remove", path }));
      } else if (kind !== "file") {
        findings.push(
          finding(
            `${path} is ${kind === "symlink" ? "a symbolic link" : "no regular file"}: it is not followed; put a file in its place`,
          ),
        );
      } else {
        const found = await reading(path, undefined, () => lookAtStranger(store, path));
        if (found !== undefined) findings.push(found);
      }
    }
  }
  return findings;
}

function isYoung({ internals, directories }: FileStore, path: string): boolean {
  const { files: port } = internals;
  // A sync brings the time of the last change with a file.
  const stat = port.lstat(`${directories.root}/${path}`);
  return stat !== undefined && port.now() - Number(stat.ctime / 1_000_000n) < YOUNG;
}

/** Undefined when a file that is nobody's does no harm. */
function lookAtStranger(store: FileStore, path: string): Finding | undefined {
  const { files, internals, directories, newcomers } = store;
  const { files: port } = internals;
  const { root } = directories;
  const { directory } = splitPath(path);
  const companion = path.endsWith(COMPANION_EXTENSION) ? companionAt(port, root, path) : undefined;
  if (companion !== undefined) {
    const data = directory === "" ? companion.current.file : `${directory}/${companion.current.file}`;
    if (port.lstat(`${root}/${data}`) !== undefined && files.ownerOf(data) === undefined) return undefined;
    // A sync may have brought it ahead of its data file.
    if (isYoung(store, path)) return undefined;
    return finding(`${path} tells of a file that is not there, or has another companion`, { do: "remove", path });
  }
  if (newcomers.isIgnored(path)) return undefined;
  return finding(
    `${path} belongs to no item: it becomes one when the root is next looked through, unless it cannot be read, its name cannot be a key, or its key has another file`,
  );
}

/** Whether a file is one of an item, and not another one whose name differs from that in its case alone. */
function isOwned({ files, internals, directories }: FileStore, path: string): boolean {
  const owner = files.ownerOf(path);
  const row = owner === undefined ? undefined : files.find(owner);
  if (row === undefined) return false;
  const names = [standingOf(row), ...readIntents(row.intent)].flatMap((pair) =>
    pair === undefined ? [] : [pair.path, pair.companion],
  );
  const own = names.find((name) => fold(name) === fold(path));
  if (own === undefined || own === path) return true;
  const inodeOf = (name: string) => internals.files.lstat(`${directories.root}/${name}`)?.inode;
  return inodeOf(own) === inodeOf(path);
}

/** What `look` finds, or that it may not be looked at. */
async function reading(
  path: string,
  key: string | undefined,
  look: () => Awaitable<Finding | undefined>,
): Promise<Finding | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isUnreadable(error)) return unreadableFinding(path, key, error);
    throw error;
  }
}

/** Files of the work directory that nothing points to. */
async function leftovers(store: FileStore) {
  return store
    .leftovers()
    .map(({ place, what }) => finding(`${place} is ${what}, and was left behind by a process`, { do: "drop", place }));
}

/** Items that have to be there. */
async function absentees({ options, table }: FileStore) {
  return options.required
    .filter((key) => table.stat(key, BEFORE_ALL_TIME) === undefined)
    .map((key) => finding("this item is required, and is not there", { do: "nothing" }, key, "NOT_FOUND"));
}

function dataFinding(
  row: FileRow,
  { path }: StandingPair,
  header: RecordHeader | undefined,
  isUnnoticed: boolean,
  sha256: string | undefined,
): Finding {
  const isInTable = header !== undefined && header.storedSize <= MOST_IN_TABLE;
  const what =
    sha256 === undefined
      ? "is missing"
      : row.damaged !== null
        ? "is damaged: it cannot be read as what it should be"
        : isUnnoticed
          ? "has other content than was written, although nobody changed it"
          : "was changed, and that has not been taken in yet";
  const mends = isInTable && (sha256 === undefined || row.damaged !== null || isUnnoticed);
  const remedy: Remedy = mends
    ? { do: "mirror", row, quarantine: sha256 !== undefined && row.damaged === null }
    : { do: "nothing" };
  return finding(`${path} ${what}`, remedy, row.key);
}

function unreadableFinding(path: string, key: string | undefined, error: unknown): Finding {
  const why = error instanceof Error ? error.message : String(error);
  const message = `${path} cannot be looked at (${why}): let this user read it; until then nothing of it is taken in`;
  return finding(message, { do: "nothing" }, key, classify(error)?.code);
}

/** Whether a companion says of a settled pair what the table says. */
function tellsOf(companion: Companion | undefined, pair: StandingPair, header: RecordHeader | undefined): boolean {
  if (companion === undefined || companion.key !== pair.key) return false;
  const { file, sha256, header: told } = companion.current;
  // As it is once it was written: properties that are undefined are not there.
  const written: unknown = JSON.parse(JSON.stringify(header));
  return isSameName(file, splitPath(pair.path).name) && sha256 === pair.sha256 && isDeepStrictEqual(told, written);
}

function companionFinding(row: FileRow, { companion }: StandingPair): Finding {
  const what = splitPath(companion).name;
  return finding(
    `the companion ${what} is missing, or does not say what the item is`,
    { do: "mirror", row, quarantine: false },
    row.key,
  );
}

function finding(
  message: string,
  remedy: Remedy = { do: "nothing" },
  key?: string,
  code: Problem["code"] = "CORRUPT",
): Finding {
  const problem = { code, message, repairable: remedy.do !== "nothing" };
  return { problem: key === undefined ? problem : { key, ...problem }, remedy };
}

function isSame(a: FileRow | undefined, b: FileRow): boolean {
  return a !== undefined && a.version === b.version && a.stat === b.stat && a.pending === b.pending;
}
