import { hash } from "node:crypto";
import { BEFORE_ALL_TIME, type RecordHeader, StorageError, type Version } from "@holdfast/core";
import type { StoredBodies } from "@holdfast/sqlite/item-table";
import type { BodyFiles } from "../body-files.js";
import { isOthers } from "../edits/companion-at.js";
import { choosePairNames, companionFor, fitsForm, type PairNames, type TakenNames } from "../names/pair-names.js";
import { fold } from "../names/segments.js";
import type { FileStat, FileSystemPort } from "../port/file-system-port.js";
import { statIfReadable } from "../root-directory.js";
import type { Copies } from "../table/copies.js";
import { type FileTable, type Intent, readIntents, type StandingPair, standingOf } from "../table/file-table.js";
import type { Plan, PlannedBody } from "./plan.js";

export interface PlannerParts {
  readonly port: FileSystemPort;
  readonly root: string;
  readonly files: FileTable;
  readonly copies: Copies;
  readonly stored: StoredBodies;
  readonly bodies: BodyFiles;
  /** The versions of a key that history has. */
  readonly kept: (key: string) => ReadonlySet<Version>;
}

/** Decides what is to be done to the files of a key, and writes the intent down. Expects a transaction. */
export class Planner {
  readonly #parts: PlannerParts;

  constructor(parts: PlannerParts) {
    this.#parts = parts;
  }

  /** Undefined when nothing is to be done. Throws CORRUPT when the item's body is nowhere. */
  plan(key: string, anew: boolean): Plan | undefined {
    const { files, stored, kept } = this.#parts;
    const row = files.find(key);
    if (row === undefined || row.pending === 0) return undefined;
    const standing = standingOf(row);
    const intents = readIntents(row.intent);
    const versions = kept(key);
    const before = { key, standing, intents, damaged: row.damaged, keeps: (version: Version) => versions.has(version) };
    const item = stored.find(key, BEFORE_ALL_TIME);
    if (item === undefined) {
      if (standing !== undefined || intents.length > 0) return { type: "remove", ...before };
      files.remove(row);
      return undefined;
    }
    const { header } = item;
    const { body, sha256 } =
      item.body.in === "memory"
        ? { body: { from: "memory" as const, bytes: item.body.bytes }, sha256: hash("sha256", item.body.bytes) }
        : this.#findBody(header, standing, intents);
    const names = this.#namesFor(header, standing, intents);
    const intent: Intent = { version: header.version, sha256, ...names };
    // One that was written before needs no second place in the list. Another version with the same content does: its body may be nowhere else.
    const others = intents.filter(
      (each) => each.version !== header.version || each.sha256 !== sha256 || each.path !== names.path,
    );
    files.intend(key, [...others, intent]);
    return { type: "publish", ...before, header, sha256, names, body, anew };
  }

  #findBody(
    { key, version }: RecordHeader,
    standing: StandingPair | undefined,
    intents: readonly Intent[],
  ): { body: PlannedBody; sha256: string } {
    const { copies, bodies, port } = this.#parts;
    const copy = copies.find(key, version);
    const path = copy && bodies.locate(copy.place);
    if (copy !== undefined && path !== undefined && port.lstat(path) !== undefined) {
      return { body: { from: "file", path }, sha256: copy.sha256 };
    }
    const placed = [...intents].reverse().find((intent) => intent.version === version);
    const sha256 = standing?.version === version ? standing.sha256 : placed?.sha256;
    if (sha256 !== undefined) return { body: { from: "place" }, sha256 };
    throw new StorageError(
      "CORRUPT",
      `the body of ${JSON.stringify(key)} is missing; restore it from a backup, or save it again`,
      { key },
    );
  }

  /** The names that a key has, as long as they say what its item is and no directory has taken them; else new ones. */
  #namesFor(header: RecordHeader, standing: StandingPair | undefined, intents: readonly Intent[]): PairNames {
    const { key } = header;
    const current = intents.at(-1) ?? standing;
    const taken = this.#taken(key, standing !== undefined);
    if (current !== undefined && fitsForm(current.path, key, header) && this.#isFileOrNothing(current.path)) {
      const { path, companion } = current;
      return { path, companion: this.#isFileOrNothing(companion) ? companion : companionFor(path, taken.asCompanion) };
    }
    return choosePairNames(key, header, taken);
  }

  #taken(key: string, hasFile: boolean): TakenNames {
    const { files } = this.#parts;
    const hasOwner = (path: string) => {
      const owner = files.ownerOf(path);
      return (owner !== undefined && owner !== key) || files.isDirectory(fold(path));
    };
    return {
      asData: (path) => hasOwner(path) || this.#blocksData(key, path, hasFile),
      asCompanion: (path) => hasOwner(path) || this.#blocksCompanion(key, path),
      asDirectory: (path) => files.ownerOf(path) !== undefined || this.#blocksDirectory(path),
    };
  }

  /** A file that came before the item's first one is an edit of it. Where the item has a file already, it is something else. */
  #blocksData(key: string, path: string, hasFile: boolean): boolean {
    if (!this.#isFileOrNothing(path)) return true;
    return hasFile && this.#parts.files.ownerOf(path) !== key && this.#stat(path) !== undefined;
  }

  /** False where a link or a directory stands: those are left as they are. */
  #isFileOrNothing(path: string): boolean {
    const stat = this.#stat(path);
    return stat === undefined || stat.kind === "file";
  }

  #blocksCompanion(key: string, path: string): boolean {
    const { files, port, root } = this.#parts;
    if (files.ownerOf(path) === key) return !this.#isFileOrNothing(path);
    return isOthers(port, root, path, key);
  }

  #blocksDirectory(path: string): boolean {
    const stat = this.#stat(path);
    return stat !== undefined && stat.kind !== "directory";
  }

  #stat(path: string): FileStat | undefined {
    return statIfReadable(this.#parts.port, `${this.#parts.root}/${path}`);
  }
}
