import { isDeepStrictEqual } from "node:util";
import { BEFORE_ALL_TIME, type CancelTimer, type Ports, StorageError, sleep, type Version } from "@holdfast/core";
import { codeOf, type GroupCommit, type ItemTable } from "@holdfast/sqlite/item-table";
import type { BodyFiles } from "../body-files.js";
import type { Edits } from "../edits/edits.js";
import type { MirrorLock } from "../mirror-lock.js";
import { choosePairNames, type TakenNames } from "../names/pair-names.js";
import { discard } from "../port/whole-files.js";
import type { Copies } from "../table/copies.js";
import type { FileTable } from "../table/file-table.js";
import type { Pace } from "./pace.js";
import type { Plan, Result } from "./plan.js";
import type { Planner } from "./planner.js";
import { type PublishParts, publishGroup } from "./publish.js";
import { Setbacks } from "./setbacks.js";

export interface MirrorParts extends Omit<PublishParts, "isStopping" | "breathe"> {
  readonly ports: Ports;
  readonly lock: MirrorLock;
  readonly group: GroupCommit;
  readonly table: ItemTable;
  readonly files: FileTable;
  readonly copies: Copies;
  readonly bodies: BodyFiles;
  readonly edits: Edits;
  readonly planner: Planner;
  readonly pace: Pace;
  readonly flushTimeout: number;
  /** Called, and awaited, when this process has become the mirror. */
  readonly tookOver: () => Promise<void>;
  /** Called when nothing is left that can be done now. */
  readonly idle: () => void;
  /** Called when files cannot be brought to the medium: nothing more may be acknowledged. */
  readonly failed: (error: StorageError) => void;
}

/** Keys in one group, which share two commits and the fsyncs of their directories. */
const GROUP = 256;
/**
 * Milliseconds between looks: of the mirror, for what other processes have committed; of others, whether the mirror is gone.
 * Short after one that found something, twice as long after each that did not.
 */
const SHORTEST_LOOK = 10;
const LONGEST_LOOK = 100;
const POLL = 10;

/** Names below `versions/` meet no others, since the version is part of each. */
const NOBODY_ELSE: TakenNames = { asData: () => false, asCompanion: () => false, asDirectory: () => false };

/** Brings committed items into their files, while this process is the one that does. */
export class Mirror {
  readonly #parts: MirrorParts;
  readonly #setbacks: Setbacks;
  #leads = false;
  #takingOver: Promise<void> | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;
  /** Those that wait, with what was begun before them, and the keys whose files were brought into their places since. */
  readonly #flushes = new Set<{ readonly begun: number; readonly placed: Set<string> }>();
  /** Groups begun. */
  #groups = 0;
  /** The last key of the group that was begun last. */
  #reached = "";
  /** Of the group that is next to be recorded, or to fail. */
  #recorded = Promise.withResolvers<void>();
  #again = false;
  /** Until the next look. */
  #pause = LONGEST_LOOK;
  #cancelLook: CancelTimer | undefined;
  #syncFailures = 0;
  /** Why nothing is written any more. */
  #failure: StorageError | undefined;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
    const isAwaited = () => this.#flushes.size > 0;
    this.#setbacks = new Setbacks(parts.ports.timers, () => this.wake(), isAwaited);
  }

  /** Whether this process mirrors. */
  get leads(): boolean {
    return this.#leads;
  }

  /** To be called after commits. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#begin();
  }

  /** Becomes the mirror when nobody else is. Resolves when that is settled, and what it finds at the start is taken in. */
  async lead(): Promise<boolean> {
    this.#cancelLook ??= this.#lookLater();
    if (this.#stopped) return false;
    this.#leads ||= this.#parts.lock.tryAcquire();
    if (!this.#leads) return false;
    // Nothing is published before the root has been looked through, and a look that failed is made again.
    this.#takingOver ??= this.#parts.tookOver();
    try {
      await this.#takingOver;
    } catch (error) {
      this.#takingOver = undefined;
      throw error;
    }
    return true;
  }

  /** Resolves when what is pending now has reached its place; TIMEOUT when that takes too long, UNAVAILABLE when it never will. */
  async flush(signal: AbortSignal | undefined): Promise<void> {
    const { ports, files, table, flushTimeout } = this.#parts;
    const waiting = new Map<string, Version | undefined>();
    for (const key of files.pending("", Number.MAX_SAFE_INTEGER)) {
      waiting.set(key, table.stat(key, BEFORE_ALL_TIME)?.version ?? files.find(key)?.version ?? undefined);
    }
    const flush = { begun: this.#groups, placed: new Set<string>() };
    this.#flushes.add(flush);
    const endRush = this.#parts.pace.rush();
    const late = Promise.withResolvers<"late">();
    const cancel = ports.timers.schedule(() => late.resolve("late"), flushTimeout, "foreground");
    try {
      this.#setbacks.endPauses();
      while (waiting.size > 0) {
        signal?.throwIfAborted();
        // Others may go on saving for ever: what was there at first may be done long before nothing is left.
        const over = await Promise.race([this.#cycle(), this.#recorded.promise, late.promise]);
        for (const key of flush.placed) waiting.delete(key);
        flush.placed.clear();
        // Each row is looked at only where nobody tells of it here, or nothing more will be told.
        if (!this.#leads || this.#running === undefined || over === "late") {
          for (const [key, version] of waiting) if (this.#hasPlace(key, version)) waiting.delete(key);
        }
        if (waiting.size > 0 && this.#failure !== undefined) throw this.#failure;
        if (waiting.size > 0 && over === "late") throw this.#lateError([...waiting.keys()]);
        if (waiting.size > 0 && this.#running === undefined) await sleep(ports.timers, POLL, signal);
      }
    } finally {
      cancel();
      endRush();
      this.#flushes.delete(flush);
    }
  }

  /** Whether nothing is left to do for a key, or another mirror has brought a later version than this one into its place. */
  #hasPlace(key: string, version: Version | undefined): boolean {
    const row = this.#parts.files.find(key);
    if (row?.pending !== 1) return true;
    return !this.#leads && version !== undefined && row.version !== null && row.version > version;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#parts.pace.rush();
    this.#cancelLook?.();
    this.#setbacks.endPauses();
    await this.#running?.catch(() => undefined);
  }

  #begin(): void {
    // What goes wrong stays pending, and shows in `flush`.
    this.#cycle().catch(() => undefined);
  }

  #lookLater(): CancelTimer {
    const look = () => {
      if (this.#stopped) return;
      const isFound = this.#running === undefined && this.#hasWork();
      this.#pause = isFound ? SHORTEST_LOOK : Math.min(LONGEST_LOOK, 2 * this.#pause);
      this.#cancelLook = this.#lookLater();
      if (isFound) this.#begin();
    };
    return this.#parts.ports.timers.schedule(look, this.#pause, "background");
  }

  /** Whether to look closer. A table that cannot be read now is looked at again. */
  #hasWork(): boolean {
    try {
      return this.#leads ? this.#parts.files.pending("", 1).length > 0 : this.#parts.lock.tryAcquire();
    } catch {
      return false;
    }
  }

  /** Works until nothing is left that can be done now. */
  #cycle(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      if (this.#again) {
        this.#again = false;
        this.wake();
      }
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    const { pace } = this.#parts;
    try {
      await pace.begin();
      if (await this.lead()) await this.#empty();
    } finally {
      pace.end();
    }
  }

  /** Goes on until nothing is left. */
  async #empty(): Promise<void> {
    const { pace, idle } = this.#parts;
    while (!this.#stopped) {
      await pace.step();
      const plans = await this.#intend();
      if (plans === undefined) return idle();
      if (plans.length > 0) await this.#publish(plans);
      this.#recorded.resolve();
      this.#recorded = Promise.withResolvers();
    }
  }

  /** Undefined when nothing is pending that may be tried now. */
  async #intend(): Promise<Plan[] | undefined> {
    const { group, planner } = this.#parts;
    const keys = this.#next();
    this.#reached = keys.at(-1) ?? "";
    if (keys.length === 0) return undefined;
    this.#groups++;
    const failed = new Map<string, unknown>();
    const plans = await group.submit(() =>
      keys.flatMap((key) => {
        try {
          return planner.plan(key, this.#syncFailures > 0) ?? [];
        } catch (error) {
          if (!StorageError.is(error, "CORRUPT")) throw error;
          failed.set(key, error);
          return [];
        }
      }),
    );
    for (const [key, error] of failed) this.#setbacks.add(key, error);
    const planned = new Set(plans.map(({ key }) => key));
    for (const key of keys) if (!planned.has(key) && !failed.has(key)) this.#hasBeenPlaced(key);
    return plans;
  }

  /** The keys of one group: those behind the group before, then from the start, so that none waits for those that are saved again and again. */
  #next(): string[] {
    const { files } = this.#parts;
    const most = GROUP + this.#setbacks.size;
    const mayBeTried = (key: string) => !this.#setbacks.isPaused(key);
    const behind = files.pending(this.#reached, most).filter(mayBeTried);
    if (behind.length >= GROUP || this.#reached === "") return behind.slice(0, GROUP);
    return [...new Set([...behind, ...files.pending("", most).filter(mayBeTried)])].slice(0, GROUP);
  }

  async #publish(plans: readonly Plan[]): Promise<void> {
    let results: Result[];
    try {
      const { pace } = this.#parts;
      const parts = { ...this.#parts, breathe: () => pace.step(), isStopping: () => this.#stopped };
      results = await publishGroup(plans, parts);
    } catch (error) {
      for (const { key } of plans) this.#setbacks.add(key, error);
      if (isFsyncFailure(error)) this.#countSyncFailure(error);
      return;
    }
    const unsynced = results.find((result) => result.outcome === "failed" && isFsyncFailure(result.error));
    if (unsynced?.outcome === "failed") this.#countSyncFailure(unsynced.error);
    else this.#syncFailures = 0;
    const untidy = await this.#record(results);
    for (const result of results) await this.#orSetBack(result.plan.key, () => this.#follow(result));
    for (const key of untidy) await this.#orSetBack(key, () => this.#tidy(key));
  }

  /** What stands in the way of one key says nothing of the others of its group. */
  async #orSetBack(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#setbacks.add(key, error);
    }
  }

  /** Returns the keys of which there are copies, so that some may have become surplus. */
  #record(results: readonly Result[]): Promise<string[]> {
    const { group, table, files, copies } = this.#parts;
    return group.submit(() => {
      const untidy: string[] = [];
      for (const result of results) {
        if (result.outcome !== "published" && result.outcome !== "removed") continue;
        const { key } = result.plan;
        const item = table.stat(key, BEFORE_ALL_TIME);
        if (result.outcome === "published") {
          const { header, names, sha256, body } = result.plan;
          const { stat, reveals, damaged } = result;
          // A rotation of keys changes the header of a version that stays.
          const isCurrent = isDeepStrictEqual(item, header);
          files.settle({ key, ...names, version: header.version, sha256, stat }, reveals || !isCurrent);
          if (damaged) files.damage(key, stat);
          if (body.from === "file") copies.delete(key, header.version);
        } else {
          const row = files.find(key);
          if (row !== undefined) files.remove(row);
          if (item !== undefined) files.mark(key);
        }
        for (const kept of result.kept) copies.put({ key, ...kept });
        if (copies.of(key).length > 0) untidy.push(key);
      }
      return untidy;
    });
  }

  /** What is left to do about one key when its group has been recorded. */
  async #follow(result: Result): Promise<void> {
    const { key } = result.plan;
    if (result.outcome === "failed") {
      this.#setbacks.add(key, result.error);
    } else if (result.outcome === "edited") {
      const verdict = await this.#parts.edits.admit(key, result.path);
      if (verdict !== "adopted" && verdict !== "damaged") {
        this.#setbacks.add(key, new Error("its file is being changed by somebody"));
      }
    } else {
      this.#setbacks.delete(key);
      // One that reveals what was plain before is not done.
      if (result.outcome === "removed" || !result.reveals) this.#hasBeenPlaced(key);
      // The same bytes stood there already: what was brought for them is not needed.
      const body = result.plan.type === "publish" ? result.plan.body : undefined;
      if (body?.from === "file") discard(this.#parts.port, body.path);
      for (const place of result.raced) await this.#keepRaced(result.plan, place);
    }
  }

  /** Nothing is left to do for a key as it was when its group was begun. */
  #hasBeenPlaced(key: string): void {
    for (const { begun, placed } of this.#flushes) {
      // For a flush that came while the group was under way, the key may have been saved in between.
      if (this.#groups > begun || this.#parts.files.find(key)?.pending !== 1) placed.add(key);
    }
  }

  async #keepRaced(plan: Plan, place: string): Promise<void> {
    const path = plan.type === "publish" ? plan.names.path : (plan.standing?.path ?? plan.key);
    await this.#parts.edits.adoptSaved(plan.key, path, place);
  }

  /** Drops copies of versions that history has dropped, and brings those that it keeps where people find them. */
  async #tidy(key: string): Promise<void> {
    const { copies, table, group, versions, bodies, port, requireRoot } = this.#parts;
    const current = table.stat(key, BEFORE_ALL_TIME)?.version;
    const others = copies.of(key).filter(({ version }) => version !== current);
    if (others.length === 0) return;
    requireRoot();
    const headers = new Map(table.history.list(key, BEFORE_ALL_TIME).map(({ header }) => [header.version, header]));
    const surplus = others.filter(({ version }) => !headers.has(version));
    const moved = others.flatMap((copy) => {
      const header = headers.get(copy.version);
      const isToMove = header !== undefined && !copy.place.startsWith("versions/");
      if (!isToMove || port.lstat(bodies.locate(copy.place)) === undefined) return [];
      const { path } = choosePairNames(key, header, NOBODY_ELSE);
      return [{ ...copy, from: copy.place, place: versions.adopt(copy.place, path, copy.version) }];
    });
    await group.submit(() => {
      for (const { version } of surplus) copies.delete(key, version);
      for (const copy of moved) copies.put(copy);
    });
    // The first name goes when the second is recorded.
    for (const { from } of moved) bodies.discard({ place: from });
    for (const { place } of surplus) versions.drop(place);
  }

  /** A second failure in a row to bring files to the medium ends writing: the next one would be acknowledged in vain. */
  #countSyncFailure(error: unknown): void {
    if (++this.#syncFailures < 2) return;
    this.#stopped = true;
    this.#failure = new StorageError(
      "UNAVAILABLE",
      "the disk does not confirm what is written to files: this storage only reads now; what was acknowledged is in the item table; look at the disk, then close this storage and open it again",
      { retryable: false, cause: error },
    );
    this.#parts.failed(this.#failure);
  }

  #lateError(waiting: readonly string[]): StorageError {
    const [first = ""] = waiting;
    const cause = this.#setbacks.errorOf(first);
    const reason =
      cause instanceof Error ? ` (${JSON.stringify(first)}: ${cause.message})` : `, ${JSON.stringify(first)} first`;
    const who = this.#leads ? "" : "; another process mirrors this root";
    return new StorageError(
      "TIMEOUT",
      `${waiting.length} items are saved, but not in their files yet${reason}${who}: they will be, when what stands in the way is gone`,
      { cause },
    );
  }
}

function isFsyncFailure(error: unknown): boolean {
  return codeOf(error) !== undefined && error instanceof Error && "syscall" in error && error.syscall === "fsync";
}
