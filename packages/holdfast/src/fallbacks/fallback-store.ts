import type {
  Absent,
  AdapterContext,
  AdapterWrite,
  BatchOutcome,
  Deleted,
  ListRange,
  RecordHeader,
  StoredRecord,
  Version,
  Written,
} from "@holdfast/core";
import { type Decision, decide, groupsOf, keyOf, versionOf } from "./decide.js";
import { everyHeld, livingHeader } from "./every-held.js";
import { type Held, isWaiting, type Mark, shownHeader } from "./mark.js";
import type { FallbackMember, Step } from "./member.js";
import { awayError } from "./primary.js";
import { isUnknownKey, unavailable, unknownKey } from "./unavailable.js";

/** A write that waits, and where. */
export interface Entry {
  readonly member: FallbackMember;
  readonly held: Held;
}

/** What has been taken, for those who watch. */
export interface Taken {
  readonly type: "save" | "delete";
  readonly key: string;
  readonly version: Version;
}

/** One write on its way through the members. */
interface Attempt {
  /** One of them was asked to commit it, and has not refused. */
  committing: boolean;
}

const MOST_KNOWN_COPIES = 10_000;
/** Asked for to see whether anybody answers. */
export const PROBE_KEY = "holdfast-probe";

/** The fallbacks as one store: what the app sees while the primary is away. */
export class FallbackStore {
  readonly members: readonly FallbackMember[];
  /** The primary's feed as it was when the primary came last: whatever has been sent or taken since comes behind. */
  cursor: string | undefined;
  readonly #whenUnknown: "unavailable" | "absent";
  /** Where the last write of a key waits. */
  readonly #waiting = new Map<string, { readonly member: FallbackMember; readonly version: Version }>();
  /** Versions of copies that are known to be there. */
  readonly #copies = new Map<string, Version>();
  /** Keys whose copy is known to be behind what the app wrote, and could not be renewed. */
  readonly #outdated = new Set<string>();
  #batches = 0;
  #session = "";

  constructor(members: readonly FallbackMember[], whenUnknown: "unavailable" | "absent") {
    this.members = members;
    this.#whenUnknown = whenUnknown;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves to the greatest version that the app was told, as far as is known here. A member that fails is closed with the others. */
  async open(context: AdapterContext): Promise<Version | undefined> {
    let last: Version | undefined;
    const opened: FallbackMember[] = [];
    for (const known of [this.#waiting, this.#copies, this.#outdated]) known.clear();
    try {
      for (const member of this.members) {
        await member.open(context);
        opened.push(member);
        const seen = await this.#readLedger(member);
        if (isAbove(seen, last)) last = seen;
      }
    } catch (error) {
      await Promise.allSettled(opened.map(({ adapter }) => adapter.close()));
      throw error;
    }
    this.#session = Array.from(context.ports.random.bytes(6), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return last;
  }

  async #readLedger(member: FallbackMember): Promise<Version | undefined> {
    let last: Version | undefined;
    for await (const held of member.scan("")) {
      const { version } = held.mark;
      if (isAbove(version, last)) last = version;
      this.#noteWaiting(member, held);
    }
    return last;
  }

  #noteWaiting(member: FallbackMember, held: Held): void {
    const { key } = held.stored;
    const { version } = held.mark;
    if (!isWaiting(held) || !isAbove(version, this.#waiting.get(key)?.version)) return;
    this.#waiting.set(key, { member, version });
  }

  /** Header and body as the app sees them. Throws UNAVAILABLE for what only the primary may hold. */
  async get(key: string, now: number): Promise<StoredRecord | undefined> {
    const found = await this.#ask(
      key,
      (member) => member.get(key),
      ({ held }) => held,
    );
    if (found === undefined) return this.#unknown(key);
    const header = livingHeader(found.held, now);
    return header && { header, body: found.body };
  }

  async stat(key: string, now: number): Promise<RecordHeader | undefined> {
    const held = await this.#ask(
      key,
      (member) => member.find(key),
      (found) => found,
    );
    return held === undefined ? this.#unknown(key) : livingHeader(held, now);
  }

  /** Every living header below a prefix, as the app sees it. Throws UNAVAILABLE unless told to take what is here for all. */
  async *scan(prefix: string, now: number, after?: string): AsyncGenerator<RecordHeader, void, undefined> {
    if (this.#whenUnknown === "unavailable") {
      throw unavailable("the primary is away, and only it knows everything that is there");
    }
    for await (const header of everyHeld(this.members, now, { prefix, after })) {
      if (!this.#outdated.has(header.key)) yield header;
    }
  }

  /** The members that answer at present. */
  async reachable(): Promise<FallbackMember[]> {
    const reached: FallbackMember[] = [];
    for (const member of this.members) {
      try {
        await member.find(PROBE_KEY);
        reached.push(member);
      } catch (error) {
        if (awayError(member.adapter, error) === undefined) throw error;
      }
    }
    return reached;
  }

  async list({ prefix, after, limit }: ListRange, now: number): Promise<RecordHeader[]> {
    const headers: RecordHeader[] = [];
    if (limit === 0) return headers;
    for await (const header of this.scan(prefix, now, after)) if (headers.push(header) === limit) break;
    return headers;
  }

  /** Takes writes as one, each with its entry in the ledger. The caller holds the turns of their keys. */
  async take(
    writes: readonly AdapterWrite[],
    now: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly outcome: BatchOutcome; readonly taken: readonly Taken[] }> {
    let failure: unknown;
    const attempt: Attempt = { committing: false };
    for (const member of this.#order(writes)) {
      try {
        const answer = await this.#takeInto(member, writes, now, signal, attempt);
        // An earlier one may have taken it: the refusal of another is no certain one.
        if (answer.outcome.outcome === "refused" && attempt.committing) throw failure;
        return answer;
      } catch (error) {
        if (error === failure) throw error;
        if (awayError(member.adapter, error) === undefined || isUnknownKey(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** Keeps what the primary has, for later. What cannot be kept is remembered as unknown. */
  async copy(header: RecordHeader, body: Uint8Array): Promise<void> {
    const { key, version } = header;
    if (body.length > this.#first.adapter.capabilities.limits.bufferedBody) return this.forget(key);
    if (this.#copies.get(key) === version && !this.#outdated.has(key)) return;
    const member = this.#first;
    try {
      const held = await member.find(key);
      if (held !== undefined && (isWaiting(held) || held.mark.version > version)) return;
      const mark = { state: "copy", version, created: header.created } as const;
      if (
        held?.mark.version === version ||
        (await member.commit([{ type: "hold", shown: header, body, mark, over: held }]))
      ) {
        this.#know(key, version);
        return;
      }
    } catch {
      // The primary has it: that there is no copy of it is not the caller's failure.
    }
    this.#outdated.add(key);
  }

  /** The primary has nothing under the key, or something else than what is held. */
  async forget(key: string): Promise<void> {
    this.#copies.delete(key);
    this.#outdated.add(key);
    try {
      const held = await this.#first.find(key);
      if (held !== undefined && !isWaiting(held) && !(await this.#first.commit([{ type: "drop", over: held }]))) return;
      this.#outdated.delete(key);
    } catch {
      // As above: it is remembered as outdated.
    }
  }

  /** Everything that waits, in the order of keys, of every member. Rejects when one of them is away. */
  async entries(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const member of this.members) {
      for await (const held of member.scan("")) if (isWaiting(held)) entries.push({ member, held });
    }
    return entries;
  }

  /** To be called when everything that waited has been replayed, by whomever. */
  nothingWaits(): void {
    this.#waiting.clear();
  }

  /** The entry has been replayed, and the primary has `copy`, or what it has is not known. */
  async settle({ member, held }: Entry, copy: StoredRecord | undefined): Promise<void> {
    const { key } = held.stored;
    const keep = copy !== undefined && member === this.#first;
    // The first one may hold a copy of before. Renewed while the entry is there still: nobody would know of it afterwards.
    if (member !== this.#first) await (copy === undefined ? this.forget(key) : this.copy(copy.header, copy.body));
    const step: Step = keep
      ? {
          type: "hold",
          shown: copy.header,
          body: copy.body,
          mark: { state: "copy", version: copy.header.version, created: copy.header.created },
          over: held,
        }
      : { type: "drop", over: held };
    // Where somebody else took another write meanwhile, that one waits now.
    if (!(await member.commit([step]))) return;
    if (this.#waiting.get(key)?.version === held.mark.version) this.#waiting.delete(key);
    if (keep) this.#know(key, copy.header.version);
    else if (member === this.#first) this.#copies.delete(key);
  }

  /** Notes something of an entry before it is sent. Undefined: it is not the one that waits any more. */
  async note(
    { member, held }: Entry,
    body: Uint8Array,
    news: Pick<Mark, "version" | "writers"> | Pick<Mark, "beside">,
  ): Promise<Held | undefined> {
    const { key } = held.stored;
    const mark = { ...held.mark, ...news };
    if (!(await member.commit([{ type: "hold", shown: shownHeader(held), body, mark, over: held }]))) return undefined;
    this.#waiting.set(key, { member, version: mark.version });
    return member.find(key);
  }

  async flush(signal: AbortSignal | undefined): Promise<void> {
    for (const member of this.members) await member.flush({ signal });
  }

  async close(): Promise<void> {
    const ends = await Promise.allSettled(this.members.map(async ({ adapter }) => adapter.close()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  get #first(): FallbackMember {
    // There is one: see checkMembers.
    return this.members[0] as FallbackMember;
  }

  async #takeInto(
    member: FallbackMember,
    writes: readonly AdapterWrite[],
    now: number,
    signal: AbortSignal | undefined,
    attempt: Attempt,
  ) {
    for (;;) {
      const helds = await Promise.all(writes.map((write) => member.find(keyOf(write))));
      // Also what it took before and could not answer, which is met when it is asked for again.
      for (const held of helds) if (held !== undefined) this.#noteWaiting(member, held);
      const group = writes.length > 1 ? groupsOf(helds, () => `${this.#session}-${++this.#batches}`) : undefined;
      const steps: Step[] = [];
      const results: (Written | Deleted | Absent)[] = [];
      const taken: Taken[] = [];
      for (const [index, write] of writes.entries()) {
        const decided = this.#decide(member, write, helds[index], now, group);
        if ("reason" in decided) {
          return { outcome: { outcome: "refused", index, reason: decided.reason } as const, taken: [] };
        }
        results.push(decided.result);
        if (decided.step !== undefined) steps.push(decided.step);
        const { type } = write;
        if (decided.result.outcome !== "absent") {
          taken.push({ type: type === "put" ? "save" : "delete", key: keyOf(write), version: versionOf(write) });
        }
      }
      signal?.throwIfAborted();
      if (steps.length > 0) {
        const earlier = attempt.committing;
        attempt.committing = true;
        if (!(await member.commit(steps, { signal }))) {
          attempt.committing = earlier;
          continue;
        }
      }
      for (const { key, version } of taken) {
        this.#waiting.set(key, { member, version });
        this.#copies.delete(key);
        this.#outdated.delete(key);
      }
      return { outcome: { outcome: "applied", results } as const, taken };
    }
  }

  #decide(
    member: FallbackMember,
    write: AdapterWrite,
    found: Held | undefined,
    now: number,
    groups: readonly string[] | undefined,
  ): Decision {
    const key = keyOf(write);
    const waits = this.#waiting.get(key);
    const elsewhere = waits !== undefined && waits.member !== member;
    const held = elsewhere || (found !== undefined && this.#isOutdated(found)) ? undefined : found;
    const blind = write.type === "put" && write.expect === "any";
    if (elsewhere && waits.version >= versionOf(write)) return { reason: { outcome: "stale", floor: waits.version } };
    if (held === undefined && !blind && (elsewhere || this.#whenUnknown === "unavailable")) throw unknownKey(key);
    return decide(write, { held, found, now, groups, after: this.cursor });
  }

  /** The members in the order in which they are asked to take writes of these keys. */
  #order(writes: readonly AdapterWrite[]): FallbackMember[] {
    const where = new Set(writes.flatMap((write) => this.#waiting.get(keyOf(write))?.member ?? []));
    if (where.size > 1) {
      throw unavailable(
        "writes of these keys wait in different fallbacks; they can be one batch when the primary is back",
      );
    }
    return [...where, ...this.members.filter((member) => !where.has(member))];
  }

  /** Asks the member where a write of the key waits, else each in turn. */
  async #ask<T>(
    key: string,
    question: (member: FallbackMember) => Promise<T | undefined>,
    heldIn: (answer: T) => Held,
  ): Promise<T | undefined> {
    const waits = this.#waiting.get(key);
    if (waits !== undefined) return question(waits.member);
    let failure: unknown;
    for (const member of this.members) {
      try {
        const answer = await question(member);
        if (answer !== undefined && !this.#isOutdated(heldIn(answer))) return answer;
      } catch (error) {
        if (awayError(member.adapter, error) === undefined) throw error;
        failure = error;
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  }

  #unknown(key: string): undefined {
    if (this.#whenUnknown === "unavailable") throw unknownKey(key);
    return undefined;
  }

  #isOutdated(held: Held): boolean {
    return !isWaiting(held) && this.#outdated.has(held.stored.key);
  }

  #know(key: string, version: Version): void {
    this.#outdated.delete(key);
    if (this.#copies.size >= MOST_KNOWN_COPIES) this.#copies.clear();
    this.#copies.set(key, version);
  }
}

function isAbove(version: Version | undefined, other: Version | undefined): boolean {
  return version !== undefined && (other === undefined || version > other);
}
