import type { HistoryLimits } from "@holdfast/core";
import type { Connection } from "./connection.js";
import type { Job, JobOptions, Room, RoomMakers } from "./group-jobs.js";
import { LastWritten } from "./last-written.js";
import { type FeedRow, type HistoryRow, headerOf, type Row, type StoreName, versionsOf } from "./layout.js";
import { answered, commit, is } from "./requests.js";
import { EMPTY, newest, type Summary, summaryOf } from "./summary.js";
import { type Found, type KeptVersion, Workspace } from "./workspace.js";

export interface GroupCommitOptions extends RoomMakers {
  readonly connection: Connection;
  /** Which replaced versions to keep; undefined: none. */
  readonly history: HistoryLimits | undefined;
  /** Called as soon as the browser was told to commit: whoever reads the feed then reads behind the commit. */
  readonly committing: () => void;
  /** Called when the commit is complete; `alone`: no other tab wrote since this one last did. */
  readonly committed: (sequence: number, entry: FeedRow, alone: boolean) => void;
  readonly leftBodies: () => void;
}

const WRITTEN: readonly StoreName[] = ["records", "feed", "chunks", "unowned"];
// One transaction holds up every reader.
const MOST_JOBS = 512;
// When there is no room, what of a transaction was taken already is in the way for a while.
const MOST_BYTES = 2 ** 20;
/** The newest entries of the feed that are kept. What is older is dropped now and then. */
const FEED_LENGTH = 10_000;
const TRIM_EVERY = 256;

/** Runs jobs in shared transactions: what arrives while one is in flight joins the next. */
export class GroupCommit {
  /** Another one whenever something was freed. */
  room: Room = { changed: Number.NEGATIVE_INFINITY };
  readonly options: GroupCommitOptions;
  readonly #jobs: Job[] = [];
  #running: Promise<void> | undefined;
  readonly #last = new LastWritten();
  #summary: Summary = EMPTY;

  constructor(options: GroupCommitOptions) {
    this.options = options;
  }

  /** Resolves to what `work` returned, once that is committed. Rejects with what it threw, then nothing of it is written. */
  submit<T>(work: (workspace: Workspace) => T, options: JobOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: { value: T } | undefined;
      this.#jobs.push({
        ...options,
        alone: false,
        work(workspace) {
          result = { value: work(workspace) };
        },
        acknowledge() {
          if (result !== undefined) resolve(result.value);
        },
        reject,
      });
      this.#running ??= this.#run();
    });
  }

  /** Something was freed: the browser will have room for others in a moment. */
  freed(): void {
    this.room = { changed: performance.now() };
  }

  /** Resolves when every job submitted so far has been answered. */
  drained(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async #run(): Promise<void> {
    // What the same turn of the event loop brings goes along.
    await undefined;
    for (let group = this.#takeGroup(); group.length > 0; group = this.#takeGroup()) {
      try {
        await this.commit(group);
      } catch (error) {
        const [first] = group;
        if (group.length > 1 && !is(error, "AbortError")) {
          // The browser takes back what it had written so far, and until then has no room for others either.
          this.room.changed = performance.now();
          for (const job of group) job.alone = true;
          this.#jobs.unshift(...group);
        } else if (first === undefined || !(await this.#queueAgain(first, error))) {
          for (const job of group) job.reject(error);
        }
      }
    }
    // In the same turn as the last look: what comes next starts anew.
    this.#running = undefined;
  }

  /** Commits the jobs in one transaction. Rejects when it failed, and none of them has its answer then. */
  async commit(group: readonly Job[]): Promise<void> {
    const { connection, history, committing, committed, leftBodies } = this.options;
    const withHistory = history !== undefined || group.some(({ drops }) => drops);
    const transaction = await connection
      .begin(withHistory ? [...WRITTEN, "history"] : WRITTEN, "readwrite")
      .catch((error: unknown) => {
        // Each of them would wait as long for the same answer.
        for (const job of [...group, ...this.#jobs.splice(0)]) job.reject(error);
      });
    if (transaction === undefined) return;
    const began = performance.now();
    const assumed = withHistory ? undefined : this.#last.assume(group, began);
    const writing = commit(transaction, async () => {
      let alone = true;
      let workspace = assumed && this.#judge(group, { rows: assumed, kept: new Map() });
      // Only for what it writes does the browser find out whether that was right.
      if (workspace === undefined || !workspace.writes) {
        const { behind, ...found } = await this.#read(transaction, group, withHistory);
        alone = !behind;
        workspace = this.#judge(group, found);
      }
      const sequence = this.#summary.sequence + 1;
      const entry = workspace.issue(transaction, sequence);
      if (sequence % TRIM_EVERY === 0) {
        transaction.objectStore("feed").delete(IDBKeyRange.upperBound(sequence - FEED_LENGTH));
      }
      if (entry !== undefined) committing();
      return { workspace, sequence, entry, alone };
    });
    try {
      const { workspace, sequence, entry, alone } = await writing;
      if (entry !== undefined) this.#summary = summaryOf(sequence, entry);
      this.#last.committed(began, workspace.written());
      for (const job of group) {
        job.acknowledge();
        if (job.frees) this.freed();
      }
      if (entry !== undefined) committed(sequence, entry, alone);
      if (workspace.leftBodies) leftBodies();
    } catch (error) {
      if (assumed === undefined || !is(error, "ConstraintError")) throw error;
      this.#last.forget();
      await this.commit(group);
    }
  }

  #judge(group: readonly Job[], found: Omit<Found, "summary">): Workspace {
    const workspace = new Workspace({ ...found, summary: this.#summary }, this.options.history);
    for (const job of group) job.work(workspace);
    return workspace;
  }

  /** What stands; `behind`: others wrote since this store last did. */
  async #read(
    transaction: IDBTransaction,
    group: readonly Job[],
    withHistory: boolean,
  ): Promise<Omit<Found, "summary"> & { readonly behind: boolean }> {
    const records = transaction.objectStore("records");
    const feed = transaction.objectStore("feed");
    const rows = new Map<string, Row | undefined>();
    const kept = new Map<string, KeptVersion[]>();
    const keys = group.flatMap((job) => job.keys);
    const [newer] = await Promise.all([
      answered(feed.getKey(IDBKeyRange.lowerBound(this.#summary.sequence, true))),
      ...keys.map(async (key) => rows.set(key, await answered(records.get(key)))),
      ...(withHistory ? keys.map(async (key) => kept.set(key, await keptOf(transaction, key))) : []),
    ]);
    if (newer !== undefined) {
      this.#summary = await newest(feed);
      this.#last.forget();
    }
    return { rows, kept, behind: newer !== undefined };
  }

  /** Whether the only job of a group that failed is worth trying again, and stands in the queue once more. */
  async #queueAgain(job: Job, error: unknown): Promise<boolean> {
    if (!is(error, "QuotaExceededError")) return false;
    try {
      // Most stores are never full.
      return await (await import("./full-store.js")).queueAgain(this, job, this.#jobs);
    } catch {
      // There is no room to make room either: what the caller has to know is that his write found none.
      return false;
    }
  }

  /** The next jobs, in order: as many as may share a transaction, or one that has to run alone. Those given up leave. */
  #takeGroup(): Job[] {
    const group: Job[] = [];
    let bytes = 0;
    for (let job = this.#jobs[0]; job !== undefined && group.length < MOST_JOBS; job = this.#jobs[0]) {
      if (job.signal?.aborted) job.reject(job.signal.reason);
      else {
        bytes += job.bytes ?? 0;
        if (group.length > 0 && (job.alone || bytes > MOST_BYTES)) break;
        group.push(job);
      }
      this.#jobs.shift();
      if (job.alone && group.length > 0) break;
    }
    return group;
  }
}

async function keptOf(transaction: IDBTransaction, stored: string): Promise<KeptVersion[]> {
  const rows: HistoryRow[] = await answered(transaction.objectStore("history").getAll(versionsOf(stored)));
  return rows.map((row) => {
    const { version, encryption } = headerOf(row);
    return { version, body: row.c?.[0], encryption };
  });
}
