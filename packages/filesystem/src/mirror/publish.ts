import { type Awaitable, conceals } from "@holdfast/core";
import { codeOf } from "@holdfast/sqlite/item-table";
import { type Companion, type CompanionEntry, readCompanion, writeCompanion } from "../companion.js";
import { fingerprintOf, isFresh, looksLike, sameLook } from "../fingerprint.js";
import { hashOf, openIfThere } from "../look.js";
import { isSameName } from "../names/segments.js";
import type { FileSystemPort } from "../port/file-system-port.js";
import { copyFile, discard, readAll } from "../port/whole-files.js";
import { isAbsence, splitPath, WorkingDirectories } from "../root-directory.js";
import type { Intent, StandingPair } from "../table/file-table.js";
import { Keeping } from "./keeping.js";
import {
  isDamaged,
  olderPairs,
  type Plan,
  type Published,
  type PublishPlan,
  type Removed,
  type RemovePlan,
  type Replaced,
  type Result,
  type Seen,
} from "./plan.js";
import type { Temps } from "./temps.js";
import { type Temp, Unplaced } from "./unplaced.js";
import type { VersionFiles } from "./version-files.js";

export interface PublishParts {
  readonly port: FileSystemPort;
  readonly root: string;
  readonly versions: VersionFiles;
  readonly temps: Temps;
  /** Whether to begin nothing more: what has its temps is finished, the rest is left for the next time. */
  readonly isStopping: () => boolean;
  /** Told of directories that were made. */
  readonly made: (directories: readonly string[]) => void;
  /** Throws when `at` does not lead to the root that was opened. */
  readonly requireRoot: (at?: string) => void;
  /** Hexadecimal digits that nobody else draws. */
  readonly unique: () => string;
  /** Lets the event loop have its turn when it has waited long enough. */
  readonly breathe: () => Promise<void>;
}

/** A plan that has come as far as its temps. */
interface Prepared {
  readonly plan: PublishPlan;
  readonly seen: Seen | undefined;
  readonly companion: Temp;
  /** Undefined: the data file that stands is already what is wanted. */
  readonly data: Temp | undefined;
}

type Placed = Omit<Published, "outcome" | "stat" | "reveals" | "damaged"> & { readonly seen: Seen | undefined };
type Emptied = Omit<Removed, "outcome">;

/**
 * Brings a group of keys into files, in the order of docs/filesystem.md: nothing is replaced before what replaces it is on the
 * medium, and no data file before its companion. Each plan has its own outcome. Rejects when a directory cannot be brought to the
 * medium: then nothing of the group may be recorded.
 */
export async function publishGroup(plans: readonly Plan[], parts: PublishParts): Promise<Result[]> {
  const publication = new Publication(parts);
  try {
    return await publication.run(plans);
  } finally {
    await publication.end();
  }
}

class Publication {
  readonly #parts: PublishParts;
  readonly #port: FileSystemPort;
  readonly #directories: WorkingDirectories;
  readonly #temps: Unplaced;
  readonly #keeping: Keeping;
  readonly #results: Result[] = [];
  /** Plans whose companion still tells of a plain version. */
  readonly #revealing = new Set<Plan>();

  constructor(parts: PublishParts) {
    this.#parts = parts;
    this.#port = parts.port;
    this.#directories = new WorkingDirectories(parts.port, parts.root);
    this.#temps = new Unplaced(parts.port, parts.temps);
    this.#keeping = new Keeping(
      parts.port,
      parts.versions,
      (path) => this.#directories.locate(path),
      (path) => this.#hash(path),
    );
  }

  async run(plans: readonly Plan[]): Promise<Result[]> {
    // The directory that is held from now on, whatever takes its place meanwhile.
    this.#parts.requireRoot(this.#directories.root);
    const publishing = plans.filter((plan) => plan.type === "publish").map((plan) => ({ plan }));
    if (publishing.length > 0) this.#parts.temps.prepare();
    const removing = plans.filter((plan) => plan.type === "remove").map((plan) => ({ plan }));

    const written = await this.#each(publishing, ({ plan }) => this.#prepare(plan));
    const prepared = await this.#fsyncTemps(written);
    const announced = await this.#each(prepared, (each) => this.#announce(each));
    const emptied = await this.#each(removing, ({ plan }) => this.#removeData(plan));
    await this.#directories.fsync();
    const placed = await this.#each(announced, (each) => this.#place(each));
    const removed = await this.#each(emptied, (each) => this.#removeCompanion(each));
    await this.#directories.fsync();
    const alone = await this.#each(placed, (each) => this.#removeOlder(each));
    await this.#directories.fsync();
    await this.#each(alone, (each) => this.#describe(each));
    for (const each of removed) this.#results.push({ outcome: "removed", ...each });
    return this.#results;
  }

  /** Gives up temps that did not get their names, and lets go of the directories. */
  async end(): Promise<void> {
    await this.#temps.discard();
    this.#directories.release();
    this.#parts.made(this.#directories.made);
  }

  /** One step for all: a plan that has its result goes no further. */
  async #each<From extends { readonly plan: Plan }, To>(
    items: readonly From[],
    work: (item: From) => Awaitable<To | undefined>,
  ): Promise<To[]> {
    const going: To[] = [];
    for (const item of items) {
      await this.#parts.breathe();
      try {
        const next = await work(item);
        if (next !== undefined) going.push(next);
      } catch (error) {
        this.#results.push({ outcome: "failed", plan: item.plan, error });
      }
    }
    return going;
  }

  #end(result: Result): undefined {
    this.#results.push(result);
    return undefined;
  }

  /** Looks at what stands, and writes what will replace it beside it. */
  async #prepare(plan: PublishPlan): Promise<Prepared | undefined> {
    if (this.#parts.isStopping())
      return this.#end({ outcome: "failed", plan, error: new Error("the storage was closed") });
    const { names, body, sha256 } = plan;
    const seen = await this.#judge(plan, [names.path]);
    if (seen !== undefined && "outcome" in seen) return this.#end(seen);
    const isThere = seen?.path === names.path && seen.is?.sha256 === sha256 && !(plan.anew && body.from === "memory");
    const companion = this.#temps.write(writeCompanion(this.#companionOf(plan, seen)));
    if (isThere) return { plan, seen, companion, data: undefined };
    if (body.from === "memory") return { plan, seen, companion, data: this.#temps.write(body.bytes) };
    if (body.from === "file") return { plan, seen, companion, data: { path: body.path, descriptor: undefined } };
    // The only copy is damaged: it stays as it is, beside a companion that is right.
    if (isDamaged(seen)) return { plan, seen, companion, data: undefined };
    return this.#end({ outcome: "edited", plan, path: names.path });
  }

  /** Waits until the temps of all plans are on the medium. */
  async #fsyncTemps(written: readonly Prepared[]): Promise<Prepared[]> {
    const failures = await this.#temps.fsync();
    return written.filter(({ plan, companion, data }) => {
      const failed = [companion, data].find((temp) => failures.has(temp?.descriptor ?? -1));
      if (failed === undefined) return true;
      this.#end({ outcome: "failed", plan, error: failures.get(failed.descriptor ?? -1) });
      return false;
    });
  }

  /** Renames the companion: from now on it tells of both versions. */
  #announce(prepared: Prepared): Prepared {
    this.#rename(prepared.companion.path, prepared.plan.names.companion);
    return prepared;
  }

  /** Renames the data file, which commits the pair. */
  #place({ plan, seen, data }: Prepared): Placed | undefined {
    const { names } = plan;
    if (data === undefined) return { plan, seen, kept: this.#keeping.beside(plan, seen), raced: [] };
    const there = this.#port.lstat(this.#directories.make(names.path));
    // What was deleted since it was judged needs no keeping; what was changed, or has come, does.
    if (there !== undefined && !(seen?.path === names.path && sameLook(there, seen.stat))) {
      return this.#end({ outcome: "edited", plan, path: names.path });
    }
    const saved = there === undefined || seen?.path !== names.path ? undefined : this.#keeping.save(plan, seen);
    if (saved === "changed") return this.#end({ outcome: "edited", plan, path: names.path });
    this.#rename(data.path, names.path);
    // Another name's file goes when this one is on the medium.
    return { plan, seen, ...this.#keeping.replaced(plan, saved) };
  }

  async #removeData(plan: RemovePlan): Promise<Emptied | undefined> {
    const seen = await this.#judge(plan, []);
    if (seen !== undefined && "outcome" in seen) return this.#end(seen);
    const { kept, raced } = await this.#retire(plan, olderPairs(plan), seen);
    return { plan, kept: [...kept, ...(await this.#keeping.before(plan, kept))], raced };
  }

  /** Removes the data files of pairs that are to be no more. One that is not as it was written is left to whoever changed it. */
  async #retire(plan: Plan, pairs: readonly (Intent | StandingPair)[], judged: Seen | undefined): Promise<Replaced> {
    const kept: Replaced["kept"][number][] = [];
    const raced: string[] = [];
    for (const { path } of pairs) {
      const target = this.#locateIfThere(path);
      const stat = target === undefined ? undefined : this.#port.lstat(target);
      if (target === undefined || stat === undefined) continue;
      // Nothing is read of it: what was changed meanwhile would have no other name.
      const isSetAside = judged?.path === path && isDamaged(judged) && sameLook(judged.stat, stat);
      const sha256 = isSetAside ? undefined : await this.#hash(target);
      const is = olderPairs(plan).find((pair) => pair.path === path && pair.sha256 === sha256);
      if (is === undefined && !isSetAside) continue;
      const seen = { path, stat, is };
      const saved = this.#keeping.save(plan, seen);
      if (saved === "changed") continue;
      this.#unlink(path);
      const replaced = this.#keeping.replaced(plan, saved);
      kept.push(...replaced.kept);
      raced.push(...replaced.raced);
    }
    return { kept, raced };
  }

  #removeCompanion(emptied: Emptied): Emptied {
    const pairs = olderPairs(emptied.plan);
    for (const { companion } of pairs) if (!this.#tellsOfAnother(companion, pairs)) this.#unlink(companion);
    for (const { path } of pairs) this.#prune(splitPath(path).directory, "");
    return emptied;
  }

  /** A sync may have brought the companion of a pair whose data file is still to come. */
  #tellsOfAnother(companion: string, pairs: readonly (Intent | StandingPair)[]): boolean {
    const bytes = this.#read(companion);
    const file = bytes && readCompanion(bytes)?.current.file;
    return file !== undefined && !pairs.some(({ path }) => isSameName(splitPath(path).name, file));
  }

  /** Removes what the key had under other names. */
  async #removeOlder({ plan, seen, kept, raced }: Placed): Promise<Placed> {
    const { names } = plan;
    const older = olderPairs(plan);
    const retired = await this.#retire(
      plan,
      older.filter(({ path }) => path !== names.path),
      seen,
    );
    for (const { companion, path } of older) {
      if (companion !== names.companion) this.#unlink(companion);
      this.#prune(splitPath(path).directory, splitPath(names.path).directory);
    }
    const keptNow = [...kept, ...retired.kept];
    return {
      plan,
      seen,
      kept: [...keptNow, ...(await this.#keeping.before(plan, keptNow))],
      raced: [...raced, ...retired.raced],
    };
  }

  #describe({ plan, seen, kept, raced }: Placed): undefined {
    const { names } = plan;
    const found = this.#port.lstat(this.#directories.locate(names.path));
    if (found?.kind !== "file") return this.#end({ outcome: "edited", plan, path: names.path });
    const reveals = this.#revealing.has(plan);
    const stat = fingerprintOf(found, this.#port.now());
    const damaged = plan.body.from === "place" && isDamaged(seen);
    return this.#end({ outcome: "published", plan, kept, raced, reveals, stat, damaged });
  }

  /** Which of the versions that may stand does. Undefined when nothing does. */
  async #judge(plan: Plan, paths: readonly string[]): Promise<Seen | (Result & { outcome: "edited" }) | undefined> {
    const known = olderPairs(plan);
    for (const path of new Set([...paths, ...known.map((each) => each.path)])) {
      const target = this.#locateIfThere(path);
      const stat = target === undefined ? undefined : this.#port.lstat(target);
      if (target === undefined || stat === undefined) continue;
      // A link or a directory in the place of a file that is to go anyway is nothing of ours.
      if (plan.type === "remove" && stat.kind !== "file") continue;
      const { standing } = plan;
      if (plan.damaged !== null && looksLike(plan.damaged, stat)) return { path, stat, is: undefined };
      if (standing?.path === path && looksLike(standing.stat, stat) && !isFresh(standing.stat, stat)) {
        return { path, stat, is: standing };
      }
      const sha256 = stat.kind === "file" ? await this.#hash(target) : undefined;
      const is = known.find((each) => each.path === path && each.sha256 === sha256);
      return is === undefined ? { outcome: "edited", plan, path } : { path, stat, is };
    }
    return undefined;
  }

  #hash(path: string): Promise<string | undefined> {
    return hashOf(this.#port, path, this.#parts.breathe);
  }

  #companionOf(plan: PublishPlan, seen: Seen | undefined): Companion {
    const { key, header, sha256, names, standing } = plan;
    const current: CompanionEntry = { file: splitPath(names.path).name, sha256, header };
    const stands = seen && this.#entryOf(seen, [names.companion, standing?.companion]);
    // For the same bytes one header is enough: there the companion's own renaming is what commits.
    const previous = stands?.sha256 === sha256 ? undefined : stands;
    if (previous !== undefined && conceals(header, previous.header)) this.#revealing.add(plan);
    return { key, current, previous };
  }

  /** What the companions that stand say of the data file that stands. */
  #entryOf({ path, is }: Seen, companions: readonly (string | undefined)[]): CompanionEntry | undefined {
    for (const each of new Set(companions)) {
      const bytes = each === undefined ? undefined : this.#read(each);
      const companion = bytes && readCompanion(bytes);
      const entries = [companion?.current, companion?.previous];
      const entry = entries.find(
        (one) => one !== undefined && one.sha256 === is?.sha256 && isSameName(one.file, splitPath(path).name),
      );
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #rename(temp: string, path: string): void {
    const target = this.#directories.make(path);
    try {
      this.#port.rename(temp, target);
    } catch (error) {
      if (codeOf(error) !== "EXDEV") throw error;
      this.#renameFromAfar(temp, path, target);
    }
    this.#temps.delete(temp);
    this.#directories.changed(path);
  }

  /** Something else is mounted on a directory below the root, and a file cannot be moved there: a copy of it can. */
  #renameFromAfar(temp: string, path: string, target: string): void {
    const { directory } = splitPath(path);
    const name = `.holdfast-${this.#parts.unique()}.tmp`;
    const near = this.#directories.make(directory === "" ? name : `${directory}/${name}`);
    copyFile(this.#port, temp, near);
    this.#temps.add(near);
    this.#port.rename(near, target);
    this.#temps.delete(near);
    discard(this.#port, temp);
  }

  #unlink(path: string): void {
    const target = this.#locateIfThere(path);
    const stat = target === undefined ? undefined : this.#port.lstat(target);
    // A directory is nothing of ours.
    if (target === undefined || stat === undefined || stat.kind === "directory") return;
    this.#port.unlink(target);
    this.#directories.changed(path);
  }

  #prune(directory: string, kept: string): void {
    if (directory === "") return;
    if (directory !== kept && !kept.startsWith(`${directory}/`)) this.#directories.prune(directory);
  }

  #read(path: string): Uint8Array | undefined {
    const target = this.#locateIfThere(path);
    const descriptor = target === undefined ? undefined : openIfThere(this.#port, target);
    if (descriptor === undefined) return undefined;
    try {
      const { kind, size } = this.#port.fstat(descriptor);
      return kind === "file" ? readAll(this.#port, descriptor, size) : undefined;
    } finally {
      this.#port.close(descriptor);
    }
  }

  #locateIfThere(path: string): string | undefined {
    try {
      return this.#directories.locate(path);
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }
}
