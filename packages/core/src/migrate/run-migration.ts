import type { MigrateOptions, MigrationReport } from "../contract/migration.js";
import type { JsonObject } from "../contract/storage-item.js";
import { noWriter } from "../engine/carry-encrypted.js";
import { concurrently } from "../engine/concurrently.js";
import type { Operation } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { MOST_LISTED } from "../engine/most-listed.js";
import type { Tally } from "../engine/tally.js";
import { StorageError } from "../errors.js";
import { batches } from "./batches.js";
import { catchUp, feedPosition } from "./catch-up.js";
import { account, copyBatch, mendFound } from "./copy.js";
import { decide } from "./decide.js";
import { Fingerprints } from "./fingerprints.js";
import { Journal } from "./journal.js";
import { type Move, moveOf } from "./moves.js";
import { discard, readStored } from "./read-stored.js";
import { removeUnmet } from "./remove-stale.js";
import { Run } from "./run.js";
import { RunState } from "./run-state.js";
import { Standing } from "./standing.js";
import { untouched } from "./untouched.js";
import { verifyMove } from "./verify-move.js";

/** Plan, copy, catch up, verify, report: see docs/migration.md. */
export async function runMigration(
  source: Internals,
  destination: Internals,
  backup: Internals | undefined,
  options: MigrateOptions,
): Promise<MigrationReport> {
  const tally: Tally = { bytes: 0, retries: 0 };
  const operation: Operation = { name: "migrate", signal: options.signal, tally };
  const state = new RunState(options.dryRun ?? false, options.transform !== undefined, options.onEvent);
  const run = new Run(source, destination, backup, options, operation, state);
  // Every storage counts it as work in flight: closing one waits for it. And each tells of it, in the same figures.
  const within = (internals: Internals | undefined, work: () => Promise<MigrationReport>) =>
    internals === undefined
      ? work()
      : internals.run("migrate", undefined, options, async (observed) => {
          try {
            return await untouched(work);
          } finally {
            if (observed.tally !== undefined) Object.assign(observed.tally, tally);
          }
        });
  return within(source, () => within(destination, () => within(backup, () => new Migration(run).migrate())));
}

class Migration {
  readonly #run: Run;
  readonly #journal: Journal;
  /** Keys of what was not as it should be when it was verified: looked at again once the feed was read. */
  readonly #doubtful: string[] = [];
  /** What is gone from the source may still be in the destination. */
  #isUnswept = false;

  constructor(run: Run) {
    this.#run = run;
    this.#journal = new Journal(run.state.report.dryRun ? undefined : run.options.journal);
  }

  async migrate(): Promise<MigrationReport> {
    const { state, source, options } = this.#run;
    const { report } = state;
    const { clock } = source.session.ports;
    const started = clock.now();
    await this.#begin();
    if (state.phase === "plan") await this.#plan();
    if (!report.dryRun && (this.#run.policy !== "stop" || report.conflicts.length === 0 || state.phase !== "plan")) {
      if (state.phase !== "verify") await this.#copy();
      if (options.validate ?? true) await this.#verify();
      await this.#finish();
    }
    await this.#journal.clear();
    report.ok = report.conflicts.length === 0 && report.failures.length === 0 && !report.changed.pending;
    report.milliseconds = clock.now() - started;
    return report;
  }

  async #begin(): Promise<void> {
    const { state, options } = this.#run;
    if (options.history === true) this.#requireHistory();
    if (options.reencrypt === true && this.#run.destination.session.vault === undefined) throw noWriter();
    if (state.report.dryRun) return;
    const id = await this.#describe();
    if (await this.#journal.resume(id, state)) {
      if (state.phase === "plan") return;
      state.report.resumed = true;
      const items = state.phase === "copy" ? state.passed.items : state.report.verified;
      await state.tell({ type: "resumed", phase: state.phase, items });
      return;
    }
    // Before the plan: what changes from now on is in the feed.
    state.cursor = await feedPosition(this.#run);
    await this.#journal.begin(id, state.cursor);
  }

  /** Counts, and finds conflicts and what cannot be held before anything is written. A dry run decides on every item. */
  async #plan(): Promise<void> {
    const run = this.#run;
    const { state, policy } = run;
    const { report } = state;
    const meter = run.meter("plan");
    const standing = new Standing(run, undefined);
    const deciding = report.dryRun || policy === "stop";
    for await (const { moves } of batches(run, undefined, (key, error) => this.#unfit(key, error))) {
      const found = deciding ? await standing.under(moves) : undefined;
      for (const move of moves) {
        report.planned.items++;
        report.planned.bytes += move.header.storedSize;
        if (found !== undefined) {
          await run.attempt(move.key, async () => {
            const decision = await decide(run, move, found.get(move.expected.key), false);
            if (report.dryRun || decision.kind === "conflict") await account(run, move, decision, false);
          });
        }
        meter.add(1, move.header.storedSize);
      }
    }
    await meter.end();
  }

  async #unfit(key: string, error: unknown): Promise<void> {
    this.#run.state.report.planned.items++;
    await this.#run.state.fail(key, this.#run.failureOf(error));
  }

  async #copy(): Promise<void> {
    const run = this.#run;
    const { state } = run;
    if (state.phase === "plan") {
      state.phase = "copy";
      await this.#journal.note(state);
    }
    // A pass that was cut off knows no more what it met: it begins again.
    if (!state.anew) await this.#copyAll(false);
    // A feed that does not reach back even now leaves the rest to the reading after the verification, which says so.
    if (state.anew || !(await catchUp(run, false))) {
      await this.#copyAnew();
      await catchUp(run, false);
    }
    state.phase = "verify";
    state.after = undefined;
    await this.#journal.note(state);
  }

  /** The feed does not reach back: everything is looked at once more, and what is not met then is gone from the source. */
  async #copyAnew(): Promise<void> {
    const { state } = this.#run;
    state.cursor = await feedPosition(this.#run);
    state.after = undefined;
    state.met = new Fingerprints();
    const { failed } = state;
    await this.#copyAll(true);
    // What failed was perhaps not met, and is not gone.
    if (state.failed === failed) await removeUnmet(this.#run, state.met);
    else this.#isUnswept = true;
    state.met = undefined;
  }

  async #copyAll(following: boolean): Promise<void> {
    const run = this.#run;
    const { state } = run;
    const meter = run.meter("copy", state.report.planned, following ? undefined : state.passed);
    const standing = new Standing(run, state.after);
    // Found in the plan already, where that could be known.
    const fail = async (key: string, error: unknown) => {
      const failure = run.failureOf(error);
      if (following || !state.exceptions.has(key)) await state.fail(key, failure);
    };
    for await (const { moves, last } of batches(run, state.after, fail)) {
      const wanted = following ? moves : moves.filter(({ key }) => !state.exceptions.has(key));
      await copyBatch(run, wanted, await standing.under(wanted), following);
      for (const { header } of moves) meter.add(1, header.storedSize);
      if (!following) state.passed = { items: meter.items, bytes: meter.bytes };
      state.after = last;
      await this.#journal.note(state);
    }
    await meter.end();
  }

  async #verify(): Promise<void> {
    const run = this.#run;
    const { state } = run;
    const { report } = state;
    const meter = run.meter("verify", report.planned, { items: report.verified, bytes: state.verifiedBytes });
    const doubt = async (key: string, error: unknown) => {
      const failure = run.failureOf(error);
      // What is not to be in the destination was told of when it was to be copied.
      if (state.exceptions.get(key) === null) return;
      if (this.#doubtful.length < MOST_LISTED) this.#doubtful.push(key);
      else await state.fail(key, failure);
    };
    for await (const { moves, last } of batches(run, state.after, doubt)) {
      await concurrently(moves, run.concurrency, async (move) => {
        try {
          run.checkWanted();
          if (!(await verifyMove(run, move))) return;
          report.verified++;
          state.verifiedBytes += move.header.storedSize;
          meter.add(1, move.header.storedSize);
        } catch (error) {
          await doubt(move.key, error);
        }
      });
      state.after = last;
      // A doubt is not written down: a run that is killed meets the item again, since the place is not noted behind it.
      if (this.#doubtful.length === 0) await this.#journal.note(state);
    }
    await meter.end();
  }

  /** Takes up what changed while the rest was verified, then judges what was in doubt. */
  async #finish(): Promise<void> {
    const run = this.#run;
    const { state } = run;
    const check = run.options.validate ?? true;
    if (!(await catchUp(run, check)) || this.#isUnswept) state.report.changed.pending = true;
    for (const key of this.#doubtful) {
      await run.attempt(key, async () => {
        const now = await this.#again(run.source.prefix + key);
        if (now !== undefined && (await this.#judge(now))) state.report.verified++;
      });
    }
  }

  /** False where nothing is owed. */
  async #judge(move: Move): Promise<boolean> {
    try {
      return await verifyMove(this.#run, move);
    } catch (error) {
      if (StorageError.is(error, "CORRUPT") && (await mendFound(this.#run, move))) return verifyMove(this.#run, move);
      if (!StorageError.is(error, "NOT_FOUND")) throw error;
      const { key, storedSize } = move.header;
      const { source, destination } = this.#run;
      const stored = await readStored(this.#run, source, { key, version: undefined, storedSize }, destination);
      // Gone from the source as well.
      if (stored === undefined) return false;
      await discard(stored);
      throw error;
    }
  }

  /** The move as the source has it now. */
  async #again(path: string): Promise<Move | undefined> {
    const run = this.#run;
    const { session } = run.source;
    const { signal } = run.operation;
    const header = await session.ask(run.operation, () => session.adapter.stat(path, { now: session.now(), signal }));
    return header && (await moveOf(run, header));
  }

  #requireHistory(): void {
    for (const { session } of [this.#run.source, this.#run.destination]) {
      if (session.adapter.history !== undefined) continue;
      throw new StorageError(
        "UNSUPPORTED",
        `${session.adapter.name} keeps no previous versions: migrate without history`,
      );
    }
  }

  /** Which migration this is, for its journal. */
  async #describe(): Promise<JsonObject> {
    const { source, destination, backup, options, policy } = this.#run;
    if (options.journal === undefined) return {};
    return {
      source: await this.#place(source),
      destination: await this.#store(destination),
      backup: backup === undefined ? null : await this.#store(backup),
      prefix: options.prefix ?? "",
      conflict: policy,
      validate: options.validate ?? true,
      history: options.history ?? false,
      reencrypt: options.reencrypt ?? false,
      filter: options.filter !== undefined,
      transform: options.transform !== undefined,
    };
  }

  /** What is replaced in the source by another store is met as a change. */
  async #place(source: Internals): Promise<JsonObject> {
    const { epoch: _, ...place } = await this.#store(source);
    return place;
  }

  /** With what tells a store from one that was made in its place, where its adapter does. */
  async #store({ session, prefix }: Internals): Promise<JsonObject> {
    const { signal } = this.#run.operation;
    const info = await session.ask(this.#run.operation, () => session.adapter.info?.({ now: session.now(), signal }));
    const epoch = info?.details["epoch"] ?? null;
    return { adapter: session.adapter.name, location: info?.location ?? null, prefix, epoch };
  }
}
