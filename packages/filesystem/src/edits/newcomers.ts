import { isDeepStrictEqual } from "node:util";
import { BEFORE_ALL_TIME, MAX_DRIFT, type RecordHeader, sleep, versionTime } from "@holdfast/core";
import type { Companion, CompanionEntry } from "../companion.js";
import { fingerprintOf } from "../fingerprint.js";
import type { Look } from "../look.js";
import { isHidden, isIgnored, readPath } from "../names/dropped-in.js";
import { COMPANION_EXTENSION, companionFor } from "../names/pair-names.js";
import { isSameName } from "../names/segments.js";
import { atPath, holdIfThere, isUnreadable, segmentsOf, splitPath } from "../root-directory.js";
import { type FileRow, standingOf } from "../table/file-table.js";
import { companionAt, entryFor, isOthers, WAIT_FOR_COMPANION } from "./companion-at.js";
import { bodyOf, type EditParts, modifiedOf, REWRITING, recordOf, standStill, withFile } from "./edits.js";
import { factsOf, knownFactsOf, MOST_READ } from "./read-file.js";

/** What came of offering a file to a key. `refused`: the key has a file elsewhere, which is not older. */
type Offer = "taken" | "refused" | "busy" | "unwanted";

/** `foreign`: it can be no item as it is. `ignored`: nobody means it as one. `unreadable`: that or its companion. */
export type Reception = "adopted" | "foreign" | "ignored" | "moving" | "gone" | "unreadable";

/** A companion that tells of a data file. */
interface Told {
  readonly path: string;
  readonly companion: Companion;
  /** What it says of just these bytes; undefined when they were changed since. */
  readonly entry: CompanionEntry | undefined;
}

/** An item that a file may become. */
interface Candidate {
  readonly header: RecordHeader;
  readonly keepsVersion: boolean;
  /** Whether just this header stands in its companion. */
  readonly isTold: boolean;
}

/** Whether nothing stands at a path, nor will in a moment. */
type HasGone = (path: string) => Promise<boolean>;

/** Takes in files that belong to no item: dropped in by hand, come by a sync, or left when the state directory was deleted. */
export class Newcomers {
  readonly #parts: EditParts;

  constructor(parts: EditParts) {
    this.#parts = parts;
  }

  /** `path` is that of a data file that no row owns. Takes a while where it may have been moved from where another is written anew just now. */
  receive(path: string): Promise<Reception> {
    return this.#receiveIfReadable(path, (former) => this.#hasGone(former));
  }

  /** As `receive`, but waits for no other file: that may still be in the way, and this one is refused, until somebody has looked for that. */
  meet(path: string): Promise<Reception> {
    return this.#receiveIfReadable(path, async (former) => !this.#isDirectoryOf(former));
  }

  /** Whether nobody means a file that has no companion as data. */
  isIgnored(path: string): boolean {
    const { directory, name } = splitPath(path);
    return isIgnored(name) || segmentsOf(directory).some(isHidden);
  }

  async #receiveIfReadable(path: string, hasGone: HasGone): Promise<Reception> {
    try {
      return await this.#receive(path, hasGone);
    } catch (error) {
      if (isUnreadable(error)) return "unreadable";
      throw error;
    }
  }

  async #receive(path: string, hasGone: HasGone): Promise<Reception> {
    const { port, root, context, files } = this.#parts;
    const { name } = splitPath(path);
    return withFile(port, root, path, async (file): Promise<Reception> => {
      if (file === undefined) return "gone";
      let companions = this.#companionsOf(path);
      if (companions.length === 0) {
        if (this.isIgnored(path)) return "ignored";
        if (readPath(path).length === 0) return "foreign";
        if (this.#parts.synced) {
          await sleep(context.ports.timers, WAIT_FOR_COMPANION);
          companions = this.#companionsOf(path);
        }
      }
      const look = await standStill(port, context, file, MOST_READ);
      if (look === undefined) return "gone";
      if (look === "moving") return "moving";
      const told = companions
        .map(({ path: at, companion }) => ({ path: at, companion, entry: entryFor(companion, name, look) }))
        .sort((a, b) => Number(b.entry !== undefined) - Number(a.entry !== undefined))[0];
      for await (const candidate of this.#candidates(path, look, told)) {
        const former = this.#formerPathOf(candidate, look);
        const hasMoved = former !== undefined && (await hasGone(former));
        const offer = await this.#offer(candidate, path, told, look, hasMoved);
        if (offer === "taken" || files.ownerOf(path) !== undefined) return "adopted";
        if (offer === "busy") return "moving";
        // It is what it seems, and its key has another file: it is nothing else instead.
        if (offer === "refused") return "foreign";
      }
      return "foreign";
    });
  }

  /** Where the key's file is recorded, when that is just what this one is with its companion: then it may have been moved from there. */
  #formerPathOf({ header, keepsVersion }: Candidate, { sha256 }: Look): string | undefined {
    const row = this.#parts.files.find(header.key);
    const standing = row?.pending === 0 ? standingOf(row) : undefined;
    const isSame = keepsVersion && standing?.version === header.version && standing.sha256 === sha256;
    return isSame ? standing.path : undefined;
  }

  async #hasGone(path: string): Promise<boolean> {
    if (this.#isFile(path)) return false;
    if (this.#isDirectoryOf(path)) await sleep(this.#parts.context.ports.timers, REWRITING);
    return !this.#isFile(path);
  }

  /** Who only writes a file anew leaves its directory where it is. */
  #isDirectoryOf(path: string): boolean {
    const { port, root } = this.#parts;
    const held = holdIfThere(port, root, splitPath(path).directory);
    held?.release();
    return held !== undefined;
  }

  #isFile(path: string): boolean {
    const { port, root } = this.#parts;
    return atPath(port, root, path, (target) => port.lstat(target))?.kind === "file";
  }

  /** What the file may be, the likeliest first. */
  async *#candidates(path: string, look: Look, told: Told | undefined): AsyncIterable<Candidate> {
    if (told !== undefined) {
      const header = told.entry?.header ?? told.companion.current.header;
      const facts = told.entry === undefined ? await factsOf(look, header) : await knownFactsOf(look, header);
      if (facts !== undefined) {
        const found = { ...header, ...facts, ...(told.entry === undefined && { modified: modifiedOf(look) }) };
        const keepsVersion = told.entry !== undefined && this.#mayHave(header.version);
        yield { header: found, keepsVersion, isTold: isDeepStrictEqual(found, header) };
      }
    }
    // What was encrypted does not become something else because its file was damaged.
    if (told?.companion.current.header.encryption !== undefined) return;
    const { tags = [], metadata = {} } = told?.companion.current.header ?? {};
    for (const { key, format } of readPath(path)) {
      const facts = await factsOf(look, { key, format, compression: null });
      if (facts === undefined) continue;
      const time = modifiedOf(look);
      const version = "" as RecordHeader["version"];
      const header = { key, version, created: time, modified: time, expiration: null, tags, metadata, ...facts };
      yield { header, keepsVersion: false, isTold: false };
    }
  }

  /** A version is for ever: one that is far ahead would be the beginning of every later one. */
  #mayHave(version: RecordHeader["version"]): boolean {
    return versionTime(version) <= this.#parts.context.ports.clock.now() + MAX_DRIFT;
  }

  async #offer(
    candidate: Candidate,
    path: string,
    told: Told | undefined,
    look: Look,
    hasMoved: boolean,
  ): Promise<Offer> {
    const { group, table, files, refused, context, mostInTable, requireRoot } = this.#parts;
    const { header, keepsVersion, isTold } = candidate;
    const { key } = header;
    requireRoot();
    return group.submit((): Offer => {
      if (files.ownerOf(path) !== undefined) return "unwanted";
      const standing = table.stat(key, BEFORE_ALL_TIME);
      const row = files.find(key);
      if (hasMoved && standing !== undefined && this.#formerPathOf(candidate, look) !== undefined) {
        this.#claim(header, path, told, look, isTold && isDeepStrictEqual(header, standing), undefined);
        return "taken";
      }
      // The mirror is at work on it, or is to remove what it had.
      if (row !== undefined && (row.intent !== null || standing === undefined)) return "busy";
      // A sync, or a publication that was cut short, has brought a later version under another name.
      const replaces = keepsVersion && standing !== undefined && header.version > standing.version;
      if (standing !== undefined && !replaces) {
        refused.add(path, key);
        return "refused";
      }
      const put = (version: RecordHeader["version"]) =>
        table.put(recordOf({ ...header, version }, look, context), bodyOf(look, mostInTable), {
          expect: replaces ? "any" : "absent",
          now: Math.floor(context.ports.clock.now()),
        });
      let version = keepsVersion ? header.version : this.#nextVersion();
      if (put(version).outcome !== "written") {
        // A tombstone stands above it.
        version = this.#nextVersion();
        put(version);
      }
      this.#claim({ ...header, version }, path, told, look, isTold && version === header.version, row);
      return "taken";
    });
  }

  /** Notes whose file it is. One that replaces another is as far as a publication is that has placed its files. */
  #claim(
    { key, version }: RecordHeader,
    path: string,
    told: Told | undefined,
    { sha256, stat }: Look,
    isAsTold: boolean,
    row: FileRow | undefined,
  ): void {
    const { files, port, root } = this.#parts;
    const isTaken = (at: string) => files.ownerOf(at) !== undefined || isOthers(port, root, at, key);
    const companion = told?.path ?? companionFor(path, isTaken);
    if (row !== undefined) {
      files.intend(key, [{ version, sha256, path, companion }]);
      files.mark(key);
      return;
    }
    const isComplete = isAsTold && told?.entry === told?.companion.current;
    files.settle({ key, path, companion, version, sha256, stat: fingerprintOf(stat, port.now()) }, !isComplete);
  }

  #nextVersion(): RecordHeader["version"] {
    const { clock, table } = this.#parts;
    return clock.next(table.feed.lastVersion);
  }

  /** Companions beside a data file that name it. */
  #companionsOf(path: string): { path: string; companion: Companion }[] {
    const { name } = splitPath(path);
    const stems = new Set([
      path,
      path.replace(/(?:\.(?:json|ya?ml|bin))?(?:\.gz)?(?:\.enc)?$/, ""),
      path.replace(/(?:\.gz)?(?:\.enc)?$/, ""),
    ]);
    const usual = new Set([...stems].map((stem) => stem + COMPANION_EXTENSION));
    // Where somebody else had the usual name.
    const other = companionFor(path, (at) => usual.has(at));
    return [...usual, other].flatMap((at) => {
      const companion = isSameName(at, path) ? undefined : companionAt(this.#parts.port, this.#parts.root, at);
      const entries = [companion?.current, companion?.previous];
      const isNamed = entries.some((entry) => entry !== undefined && isSameName(entry.file, name));
      return companion !== undefined && isNamed ? [{ path: at, companion }] : [];
    });
  }
}
