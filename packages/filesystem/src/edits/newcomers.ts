import { BEFORE_ALL_TIME, type RecordHeader, sleep } from "@holdfast/core";
import type { Companion, CompanionEntry } from "../companion.js";
import { fingerprintOf } from "../fingerprint.js";
import type { Look } from "../look.js";
import { isHidden, isIgnored, readPath } from "../names/dropped-in.js";
import { COMPANION_EXTENSION, companionFor } from "../names/pair-names.js";
import { fold } from "../names/segments.js";
import { segmentsOf, splitPath } from "../root-directory.js";
import { companionAt, entryFor, WAIT_FOR_COMPANION } from "./companion-at.js";
import { bodyOf, type EditParts, modifiedOf, recordOf, standStill, withFile } from "./edits.js";
import { factsOf, MOST_READ } from "./read-file.js";

/** `foreign`: it can be no item as it is. `ignored`: nobody means it as one. */
export type Reception = "adopted" | "foreign" | "ignored" | "moving" | "gone";

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
}

/** Takes in files that belong to no item: dropped in by hand, come by a sync, or left when the state directory was deleted. */
export class Newcomers {
  readonly #parts: EditParts;

  constructor(parts: EditParts) {
    this.#parts = parts;
  }

  /** `path` is that of a data file that no row owns. */
  async receive(path: string): Promise<Reception> {
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
        const taken = await this.#become(candidate, path, told, look);
        if (taken) return "adopted";
        if (files.ownerOf(path) !== undefined) return "adopted";
      }
      return "foreign";
    });
  }

  /** Whether nobody means a file that has no companion as data. */
  isIgnored(path: string): boolean {
    const { directory, name } = splitPath(path);
    return isIgnored(name) || segmentsOf(directory).some(isHidden);
  }

  /** What the file may be, the likeliest first. */
  async *#candidates(path: string, look: Look, told: Told | undefined): AsyncIterable<Candidate> {
    if (told?.entry !== undefined) yield { header: told.entry.header, keepsVersion: true };
    else if (told !== undefined) {
      const facts = await factsOf(look, told.companion.current.header);
      if (facts !== undefined) {
        yield {
          header: { ...told.companion.current.header, ...facts, modified: modifiedOf(look) },
          keepsVersion: false,
        };
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
      yield { header, keepsVersion: false };
    }
  }

  #become({ header, keepsVersion }: Candidate, path: string, told: Told | undefined, look: Look): Promise<boolean> {
    const { group, table, files, clock, context, port, mostInTable } = this.#parts;
    const { key } = header;
    return group.submit(() => {
      if (files.ownerOf(path) !== undefined || files.find(key) !== undefined) return false;
      if (table.stat(key, BEFORE_ALL_TIME) !== undefined) return false;
      const put = (version: RecordHeader["version"]) =>
        table.put(recordOf({ ...header, version }, look, context), bodyOf(look, mostInTable), {
          expect: "absent",
          now: Math.floor(context.ports.clock.now()),
        });
      let version = keepsVersion ? header.version : clock.next(table.feed.lastVersion);
      if (put(version).outcome !== "written") {
        // A tombstone stands above it.
        version = clock.next(table.feed.lastVersion);
        put(version);
      }
      const companion = told?.path ?? companionFor(path, key, (folded) => files.ownerOf(folded) !== undefined);
      const stat = fingerprintOf(look.stat, port.now());
      const isComplete = keepsVersion && version === header.version && told?.entry === told?.companion.current;
      files.settle({ key, path, companion, version, sha256: look.sha256, stat }, !isComplete);
      return true;
    });
  }

  /** Companions beside a data file that name it. */
  #companionsOf(path: string): { path: string; companion: Companion }[] {
    const { name } = splitPath(path);
    const stems = new Set([
      path,
      path.replace(/(?:\.(?:json|ya?ml|bin))?(?:\.gz)?(?:\.enc)?$/, ""),
      path.replace(/(?:\.gz)?(?:\.enc)?$/, ""),
    ]);
    return [...stems].flatMap((stem) => {
      const at = `${stem}${COMPANION_EXTENSION}`;
      const companion = fold(at) === fold(path) ? undefined : companionAt(this.#parts.port, this.#parts.root, at);
      const names = companion && [companion.current.file, companion.previous?.file];
      return companion !== undefined && names?.includes(name) ? [{ path: at, companion }] : [];
    });
  }
}
