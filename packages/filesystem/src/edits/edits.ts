import {
  type AdapterContext,
  BEFORE_ALL_TIME,
  type RecordHeader,
  sleep,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import type { GroupCommit, ItemBody, ItemTable, StoredBodies } from "@holdfast/sqlite/item-table";
import type { BodyFiles } from "../body-files.js";
import { breathing } from "../breath.js";
import { fingerprintOf, looksLike, sameLook } from "../fingerprint.js";
import { type Look, lookAt } from "../look.js";
import type { PairNames } from "../names/pair-names.js";
import type { FileSystemPort } from "../port/file-system-port.js";
import type { Quarantine } from "../quarantine.js";
import { holdIfThere, isUnreadable, splitPath } from "../root-directory.js";
import type { Copies } from "../table/copies.js";
import { type FileRow, type FileTable, readIntents, type StandingPair, standingOf } from "../table/file-table.js";
import { companionAt, entryFor, WAIT_FOR_COMPANION } from "./companion-at.js";
import type { EditClock } from "./edit-clock.js";
import { bytesNeeded, factsOf } from "./read-file.js";
import type { RefusedFiles } from "./refused-files.js";

export interface EditParts {
  readonly port: FileSystemPort;
  readonly root: string;
  readonly context: AdapterContext;
  readonly group: GroupCommit;
  readonly table: ItemTable;
  readonly files: FileTable;
  readonly copies: Copies;
  readonly bodies: BodyFiles;
  readonly quarantine: Quarantine;
  readonly clock: EditClock;
  readonly refused: RefusedFiles;
  /** Bodies of up to so many bytes stay in the table. */
  readonly mostInTable: number;
  /** Whether the root is there and is the one that was opened. Throws when it is not. */
  readonly requireRoot: () => void;
  /** Whether the root is in a folder that is synced: then companions come when they come. */
  readonly synced: boolean;
  readonly stored: StoredBodies;
  /** Whether replaced versions go into history. */
  readonly keepsHistory: boolean;
}

/**
 * What came of looking at a file. `overtaken`: a save came first, and the file is the mirror's business. `unreadable`: nobody knows, and
 * the item is what it was.
 */
export type Verdict = "unchanged" | "adopted" | "deleted" | "damaged" | "moving" | "overtaken" | "unreadable";

/** Milliseconds for which a file that was just changed has to stand still. */
const SETTLING = 50;
/** Milliseconds for which a file has to be gone: some programs remove one before they write it anew. */
export const REWRITING = 200;
/** A file that has not changed for so many milliseconds stands still. */
const LONG_AGO = 2_000;

/** Takes in what people did to the files of items. */
export class Edits {
  readonly #parts: EditParts;
  readonly #underWay = new Map<string, Promise<Verdict>>();

  constructor(parts: EditParts) {
    this.#parts = parts;
  }

  /** Compares the data file of a settled key with what is recorded, and takes in what has changed. */
  examine(key: string): Promise<Verdict> {
    const standing = this.#underWay.get(key);
    if (standing !== undefined) return standing;
    const verdict = this.#examine(key)
      .catch((error: unknown): Verdict => {
        if (isUnreadable(error)) return "unreadable";
        throw error;
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, verdict);
    return verdict;
  }

  /**
   * Takes in what the mirror has met at a path of a key that it was about to write or to remove. Afterwards the mirror may go
   * on: the edit is the item, or a copy of it is in quarantine.
   */
  async admit(key: string, path: string): Promise<Verdict> {
    const { files, quarantine, requireRoot } = this.#parts;
    const row = files.find(key);
    const item = this.#itemOf(key);
    if (row === undefined) return "overtaken";
    return this.#withFile(path, async (file) => {
      const look = file === undefined ? undefined : await this.#standStill(file, item);
      if (look === undefined || look === "moving") return look ?? "overtaken";
      const facts = item && (await factsOf(look, item));
      requireRoot();
      if (item === undefined || facts === undefined) {
        if (file !== undefined) quarantine.copyDamaged(file, path, row.damaged !== null);
        return this.#setAside(row, look);
      }
      this.#keepUnmirrored(item, path);
      const pair = [standingOf(row), ...readIntents(row.intent)].find((each) => each?.path === path);
      return pair === undefined ? "overtaken" : this.#adopt(row, { ...item, ...facts }, look, pair);
    });
  }

  /** Takes in an edit that was replaced at the moment it was made, and is at a place in the work directory. */
  async adoptSaved(key: string, path: string, place: string): Promise<void> {
    const { port, bodies, files, copies, group, quarantine } = this.#parts;
    const file = bodies.locate(place);
    const item = this.#itemOf(key);
    const look = await lookAt(port, file, this.#mostBytes(item), breathing());
    if (look === undefined) return;
    const facts = look === "moving" || item === undefined ? undefined : await factsOf(look, item);
    if (look === "moving" || item === undefined || facts === undefined) {
      quarantine.copy(file, path);
      bodies.discard({ place });
      return;
    }
    this.#keepUnmirrored(item, path);
    const inTable = look.stat.size <= this.#parts.mostInTable;
    await group.submit(() => {
      const version = this.#put({ ...item, ...facts }, look);
      if (!inTable) copies.put({ key, version, place, sha256: look.sha256 });
      files.mark(key);
    });
    if (inTable) bodies.discard({ place });
  }

  async #examine(key: string): Promise<Verdict> {
    const { files, quarantine, requireRoot } = this.#parts;
    const row = files.find(key);
    const standing = row && standingOf(row);
    const item = this.#itemOf(key);
    if (row === undefined || standing === undefined || item === undefined || row.pending === 1) return "overtaken";
    return this.#withFile(standing.path, async (file) => {
      const look = file === undefined ? undefined : await this.#standStill(file, item);
      if (look === "moving") return "moving";
      if (look === undefined) return this.#confirmDeletion(row, standing.path);
      if (look.sha256 === standing.sha256) return this.#refresh(row, look);
      const facts = await factsOf(look, item);
      if (facts === undefined) {
        if (row.damaged !== null && looksLike(row.damaged, look.stat)) return "damaged";
        requireRoot();
        if (file !== undefined) quarantine.copyDamaged(file, standing.path, row.damaged !== null);
        return this.#setAside(row, look);
      }
      const told = await this.#toldOf(standing, look);
      return this.#adopt(row, { ...item, ...told, ...facts }, look, standing);
    });
  }

  /** What the companion says, where a file with just this content came with it from elsewhere. */
  async #toldOf({ key, path, companion }: StandingPair, look: Look): Promise<Partial<RecordHeader>> {
    const { port, root, synced, context } = this.#parts;
    for (let attempt = 0; ; attempt++) {
      const found = companionAt(port, root, companion);
      const entry = found?.key === key ? entryFor(found, splitPath(path).name, look) : undefined;
      if (entry !== undefined) {
        const { tags, metadata, expiration } = entry.header;
        return { tags, metadata, expiration };
      }
      if (!synced || attempt > 0) return {};
      await sleep(context.ports.timers, WAIT_FOR_COMPANION);
    }
  }

  /** The file is what the item is now, unless somebody was faster. */
  #adopt(row: FileRow, header: RecordHeader, look: Look, { path, companion }: PairNames): Promise<Verdict> {
    const { files, port, group, requireRoot } = this.#parts;
    requireRoot();
    return group.submit((): Verdict => {
      if (!isSameRow(files.find(row.key), row)) return "overtaken";
      const version = this.#put(header, look);
      const stat = fingerprintOf(look.stat, port.now());
      files.settle({ key: row.key, path, companion, version, sha256: look.sha256, stat }, true);
      return "adopted";
    });
  }

  async #confirmDeletion(row: FileRow, path: string): Promise<Verdict> {
    const { port, root, context } = this.#parts;
    await sleep(context.ports.timers, REWRITING);
    return port.lstat(`${root}/${path}`)?.kind === "file" ? "moving" : this.#delete(row);
  }

  async #delete(row: FileRow): Promise<Verdict> {
    const { files, table, group, clock, context, refused, requireRoot } = this.#parts;
    requireRoot();
    const verdict = await group.submit((): Verdict => {
      if (!isSameRow(files.find(row.key), row)) return "overtaken";
      const now = Math.floor(context.ports.clock.now());
      table.delete(row.key, { version: clock.next(table.feed.lastVersion), expect: "any", now });
      files.mark(row.key);
      return "deleted";
    });
    if (verdict === "deleted") refused.free(row.key);
    return verdict;
  }

  #refresh(row: FileRow, look: Look): Promise<Verdict> {
    const { files, port, group } = this.#parts;
    return group.submit((): Verdict => {
      if (!isSameRow(files.find(row.key), row)) return "overtaken";
      files.refresh(row.key, fingerprintOf(look.stat, port.now()));
      return "unchanged";
    });
  }

  /** From now on the file, of which there is a copy in quarantine, may be replaced. */
  #setAside(row: FileRow, look: Look): Promise<Verdict> {
    const { files, port, group } = this.#parts;
    return group.submit((): Verdict => {
      if (!isSameRow(files.find(row.key), row)) return "overtaken";
      files.damage(row.key, fingerprintOf(look.stat, port.now()));
      return "damaged";
    });
  }

  /** Inside a transaction: writes a new version over what stands. */
  #put(header: RecordHeader, look: Look): Version {
    const { table, clock, context, mostInTable } = this.#parts;
    const version = clock.next(table.feed.lastVersion);
    const record = recordOf({ ...header, version, modified: modifiedOf(look) }, look, context);
    table.put(record, bodyOf(look, mostInTable), { expect: "any", now: Math.floor(context.ports.clock.now()) });
    return version;
  }

  /** A version that is replaced before it was mirrored, and that no history keeps, is kept in quarantine. */
  #keepUnmirrored(item: RecordHeader, path: string): void {
    const { keepsHistory, stored, copies, bodies, quarantine } = this.#parts;
    if (keepsHistory) return;
    const found = stored.find(item.key, BEFORE_ALL_TIME);
    const copy = copies.find(item.key, item.version);
    if (found?.body.in === "memory") quarantine.write(found.body.bytes, path);
    else if (copy !== undefined) quarantine.copy(bodies.locate(copy.place), path);
  }

  /** The item that an edit becomes a version of. One that has expired is no more: the edit does not expire with it. */
  #itemOf(key: string): RecordHeader | undefined {
    const { table, context } = this.#parts;
    const item = table.stat(key, BEFORE_ALL_TIME);
    const hasExpired = item !== undefined && table.stat(key, context.ports.clock.now()) === undefined;
    return hasExpired ? { ...item, expiration: null } : item;
  }

  /** Reads a file that does not change any more. */
  async #standStill(file: string, item: RecordHeader | undefined): Promise<Look | "moving" | undefined> {
    return standStill(this.#parts.port, this.#parts.context, file, this.#mostBytes(item));
  }

  #mostBytes(item: RecordHeader | undefined): number {
    const { mostInTable } = this.#parts;
    return item === undefined ? mostInTable : bytesNeeded(item.format, item.compression, mostInTable);
  }

  /** Works on a file below the root, whose directory cannot be exchanged meanwhile. Undefined when there is no such directory. */
  async #withFile<T>(path: string, work: (file: string | undefined) => Promise<T>): Promise<T> {
    return withFile(this.#parts.port, this.#parts.root, path, work);
  }
}

/** Works on a file below a root, whose directory cannot be exchanged meanwhile. Undefined when there is no such directory. */
export async function withFile<T>(
  port: FileSystemPort,
  root: string,
  path: string,
  work: (file: string | undefined) => Promise<T>,
): Promise<T> {
  const { directory, name } = splitPath(path);
  const held = holdIfThere(port, root, directory);
  try {
    return await work(held && `${held.path}/${name}`);
  } finally {
    held?.release();
  }
}

/** Reads a file whose stat stays as it is; one that changed a moment ago is given time to change on, and is not read if it does. */
export async function standStill(
  port: FileSystemPort,
  { ports }: AdapterContext,
  file: string,
  mostBytes: number,
): Promise<Look | "moving" | undefined> {
  const before = port.lstat(file);
  if (before === undefined) return undefined;
  if (port.now() - Number(before.ctime / 1_000_000n) < LONG_AGO) {
    await sleep(ports.timers, SETTLING);
    const settled = port.lstat(file);
    if (settled === undefined || !sameLook(before, settled)) return "moving";
  }
  const look = await lookAt(port, file, mostBytes, breathing());
  if (look === undefined || look === "moving") return look;
  const after = port.lstat(file);
  return after !== undefined && sameLook(before, after) && sameLook(before, look.stat) ? look : "moving";
}

export function bodyOf(look: Look, mostInTable: number): ItemBody {
  if (look.stat.size > mostInTable || look.bytes === undefined) return { from: "elsewhere" };
  return { from: "memory", bytes: look.bytes };
}

export function recordOf(header: RecordHeader, look: Look, { termsOf }: AdapterContext): Omit<WriteRecord, "body"> {
  return { header, terms: termsOf(header), chunkHashes: look.chunkHashes };
}

export function modifiedOf({ stat }: Look): number {
  return Number(stat.mtime / 1_000_000n);
}

function isSameRow(a: FileRow | undefined, b: FileRow): boolean {
  return (
    a !== undefined &&
    a.path === b.path &&
    a.version === b.version &&
    a.stat === b.stat &&
    a.pending === b.pending &&
    a.intent === b.intent
  );
}
