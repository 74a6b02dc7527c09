import type { KeptBoth, MigrationEvent, MigrationFailure, MigrationReport } from "../contract/migration.js";
import { callersOwn } from "../engine/failure.js";
import { MOST_LISTED } from "../engine/most-listed.js";
import type { StorageError } from "../errors.js";
import { type Fingerprints, placeMark } from "./fingerprints.js";
import type { JournalLine, Phase } from "./journal-line.js";
import { type Identity, SettledItems, type Settling } from "./settled.js";

type Listener = (event: MigrationEvent) => void;

/** How far a migration has got: what its journal holds, and what its report tells. */
export class RunState {
  readonly report: MigrationReport;
  readonly settled: SettledItems;
  /** Items that are not in the destination under their own key: where else they are, or null for those left out. */
  readonly exceptions: Map<string, string | null> = new Map();
  phase: Phase = "plan";
  /** The last key, as the source calls it, with which the phase is done. */
  after: string | undefined;
  /** The whole source is looked at once more, since its feed does not reach back: what its items are in the destination. */
  met: Fingerprints | undefined;
  /** An earlier run was cut off while it did so. */
  anew = false;
  /** How often an item failed, also one that was told of already. */
  failed = 0;
  /** Bytes of the items with which the copy is done, whether they were sent or not. */
  passed: { items: number; bytes: number } = { items: 0, bytes: 0 };
  /** Bytes verified. */
  verifiedBytes = 0;
  /** The place in the source's feed up to which changes are dealt with. */
  cursor: string | undefined;
  readonly #listener: Listener | undefined;
  /** Since the last line. */
  #news: Required<Pick<JournalLine, "exceptions" | "conflicts" | "failures" | "keptBoth">> = nothing();

  /** `shared`: several items of the source may become one key. */
  constructor(dryRun: boolean, shared: boolean, listener: Listener | undefined) {
    this.settled = new SettledItems(shared);
    this.#listener = listener;
    this.report = {
      ok: true,
      dryRun,
      resumed: false,
      planned: { items: 0, bytes: 0 },
      copied: 0,
      unchanged: 0,
      skipped: 0,
      verified: 0,
      bytes: 0,
      backedUp: 0,
      changed: { saved: 0, deleted: 0, pending: false },
      conflicts: [],
      keptBoth: [],
      failures: [],
      milliseconds: 0,
    };
  }

  async tell(event: MigrationEvent): Promise<void> {
    if (this.#listener !== undefined) await callersOwn(this.#listener, event);
  }

  /** The item is in the destination, as `header` says; `as`: under another key than its own. */
  settle(key: string, header: Identity, how: Settling, as?: string): void {
    this.settled.add(key, header, how);
    this.met?.add(placeMark(header));
    if (as !== undefined) this.#except(key, as);
    else if (this.exceptions.delete(key)) {
      this.#news.exceptions.push([key]);
      this.#forgive(key);
    }
  }

  /** The item is not to be looked for in the destination. */
  leaveOut(key: string): void {
    this.#except(key, null);
  }

  async conflict(key: string): Promise<void> {
    // Told of already.
    if (this.exceptions.has(key)) return;
    this.leaveOut(key);
    if (this.report.conflicts.length < MOST_LISTED) {
      this.report.conflicts.push(key);
      this.#news.conflicts.push(key);
    }
    await this.tell({ type: "conflict", key });
  }

  async fail(key: string, { code, message }: Pick<StorageError, "code" | "message">): Promise<void> {
    this.failed++;
    // Told of already.
    if (this.exceptions.get(key) === null && this.report.failures.some((each) => each.key === key)) return;
    this.leaveOut(key);
    const failure: MigrationFailure = { key, code, message };
    if (this.report.failures.length < MOST_LISTED) {
      this.report.failures.push(failure);
      this.#news.failures.push(failure);
    }
    await this.tell({ type: "failure", ...failure });
  }

  async keepBoth(kept: KeptBoth): Promise<void> {
    if (this.report.keptBoth.length < MOST_LISTED) {
      this.report.keptBoth.push(kept);
      this.#news.keptBoth.push(kept);
    }
    await this.tell({ type: "kept-both", ...kept });
  }

  /** What a line of the journal tells of where the migration stands. */
  takeLine(): JournalLine {
    const { copied, unchanged, skipped, verified, bytes, backedUp, changed, planned } = this.report;
    const line: JournalLine = {
      phase: this.phase,
      anew: this.met !== undefined,
      after: this.after ?? null,
      cursor: this.cursor ?? null,
      counts: { planned, copied, unchanged, skipped, verified, bytes, backedUp, changed },
      passed: this.passed,
      verifiedBytes: this.verifiedBytes,
      settled: this.settled.takeFresh(),
      ...this.#news,
    };
    this.#news = nothing();
    return structuredClone(line);
  }

  /** Where no journal wants a line. */
  dropNews(): void {
    this.settled.dropFresh();
    this.#news = nothing();
  }

  /** Takes up what a line told. False for a line that `takeLine` did not make. */
  apply(line: JournalLine): boolean {
    const { report } = this;
    this.phase = line.phase;
    this.anew = line.anew;
    this.after = line.after ?? undefined;
    this.cursor = line.cursor ?? undefined;
    Object.assign(report, line.counts);
    this.passed = line.passed;
    this.verifiedBytes = line.verifiedBytes;
    for (const [key, as] of line.exceptions) {
      if (as !== undefined) this.exceptions.set(key, as);
      else {
        this.exceptions.delete(key);
        this.#forgive(key);
      }
    }
    report.conflicts.push(...line.conflicts);
    report.failures.push(...line.failures);
    report.keptBoth.push(...line.keptBoth);
    return this.settled.restore(line.settled);
  }

  #except(key: string, as: string | null): void {
    if (this.exceptions.get(key) === as) return;
    this.exceptions.set(key, as);
    this.#news.exceptions.push([key, as]);
  }

  /** What was wrong with the item is no more: it changed in the source, and has arrived. */
  #forgive(key: string): void {
    const { report } = this;
    report.conflicts = report.conflicts.filter((each) => each !== key);
    report.failures = report.failures.filter((each) => each.key !== key);
    report.keptBoth = report.keptBoth.filter((each) => each.key !== key);
  }
}

function nothing(): { exceptions: []; conflicts: []; failures: []; keptBoth: [] } {
  return { exceptions: [], conflicts: [], failures: [], keptBoth: [] };
}
