import {
  type AdapterWrite,
  type Awaitable,
  type BatchOutcome,
  type Conflicting,
  checksumOf,
  type RecordHeader,
  type Stale,
  type StorageAdapter,
  StorageError,
  type StoredRecord,
  type Version,
  type VersionClock,
} from "@holdfast/core";
import { hasArrived } from "./arrived.js";
import { bytesOf } from "./decide.js";
import type { Entry, FallbackStore } from "./fallback-store.js";
import { type Chain, conflictBefore, conflictKey, conflictOf, earlierConflicts } from "./kept-beside.js";
import { type Held, type Mark, shownHeader, writerOf } from "./mark.js";
import type { FallbackEvent } from "./options.js";
import { awayError } from "./primary.js";
import type { KeyTurns } from "./turns.js";

export interface ReplayContext {
  readonly primary: StorageAdapter;
  readonly store: FallbackStore;
  readonly turns: KeyTurns;
  /** Of the versions that a replay must make itself. */
  readonly clock: VersionClock;
  /** Asks the primary once, with so many bytes of bodies; rejects when it is away. */
  ask<T>(work: (signal: AbortSignal) => Awaitable<T>, bytes?: number): Promise<T>;
  now(): number;
  termsOf(header: RecordHeader): string[];
  /** As that of AdapterContext. */
  carry(record: StoredRecord, header: RecordHeader): Awaitable<StoredRecord>;
  tell(event: FallbackEvent): void;
}

/** What waits under one key, whichever members hold it. */
interface KeyLedger {
  readonly key: string;
  /** The newest, which is what counts. */
  readonly entry: Entry;
  /** What it replaced, in other members. */
  readonly older: readonly Entry[];
}

/** One entry on its way, and how it stands with it. */
interface Sending extends KeyLedger {
  held: Held;
  body: Uint8Array;
  base: Version | undefined;
  after: string | undefined;
  first: Version | undefined;
  writers: ReadonlySet<string>;
  write: AdapterWrite | undefined;
  /** Something else than its base stood in the primary, or may have. */
  refused: boolean;
  /** As the primary has it now, where that is known. */
  arrived: StoredRecord | undefined;
  conflict: FallbackEvent | undefined;
}

/**
 * Sends what waits to the primary: see "Replay" in docs/fallbacks.md. Resolves to whether everything that waited at its
 * beginning has gone. What the primary does not take keeps nothing else waiting: it rejects when all others have had their turn.
 */
export async function replay(context: ReplayContext): Promise<boolean> {
  const entries = await context.store.entries();
  let complete = true;
  let failure: { readonly error: unknown } | undefined;
  for (const unit of unitsOf(entries)) {
    const keys = unit.map(({ key }) => key);
    try {
      const done = await context.turns.run(keys, () => replayUnit(context, unit));
      complete &&= done;
    } catch (error) {
      if (StorageError.is(error, "CLOSED") || awayError(context.primary, error) !== undefined) throw error;
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
  return complete;
}

/** Entries that share a batch, directly or through others, belong together. */
function unitsOf(entries: readonly Entry[]): KeyLedger[][] {
  const byKey = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { key } = entry.held.stored;
    byKey.set(key, [...(byKey.get(key) ?? []), entry]);
  }
  const single: KeyLedger[][] = [];
  let joined: { readonly groups: Set<string>; readonly ledgers: KeyLedger[] }[] = [];
  for (const [key, all] of byKey) {
    const [entry, ...older] = all.sort((a, b) => (a.held.mark.version < b.held.mark.version ? 1 : -1));
    if (entry === undefined) continue;
    const unit = {
      groups: new Set(all.flatMap(({ held }) => held.mark.groups ?? [])),
      ledgers: [{ key, entry, older }],
    };
    if (unit.groups.size === 0) {
      single.push(unit.ledgers);
      continue;
    }
    const sharing = joined.filter(({ groups }) => [...groups].some((group) => unit.groups.has(group)));
    joined = [
      ...joined.filter((each) => !sharing.includes(each)),
      {
        groups: new Set([unit, ...sharing].flatMap(({ groups }) => [...groups])),
        ledgers: [unit, ...sharing].flatMap(({ ledgers }) => ledgers),
      },
    ];
  }
  return [...single, ...joined.map(({ ledgers }) => ledgers)];
}

/** False: something changed since the entries were listed; they are looked at again. */
async function replayUnit(context: ReplayContext, unit: readonly KeyLedger[]): Promise<boolean> {
  const sendings: Sending[] = [];
  for (const ledger of unit) {
    const { entry, older, key } = ledger;
    const record = await entry.member.get(key);
    if (record?.held.stored.version !== entry.held.stored.version) return false;
    const marks = [entry, ...older].map(({ held }) => held.mark);
    // The one that began first knows on what all of them rest.
    const oldest = marks.reduce((one, other) => (begun(other) < begun(one) ? other : one));
    const sending: Sending = {
      ...ledger,
      held: record.held,
      body: record.body,
      base: oldest.base,
      after: oldest.after,
      first: begun(oldest),
      writers: new Set(marks.flatMap(({ writers = [] }) => writers)),
      write: undefined,
      refused: oldest.base === undefined,
      arrived: undefined,
      conflict: undefined,
    };
    sending.write = await firstWrite(context, sending);
    sendings.push(sending);
  }
  await send(context, sendings);
  for (const sending of sendings) {
    const { entry, older, held, arrived, conflict } = sending;
    const earlier = sending.refused ? await earlierConflicts(context, chainOf(sending)) : [];
    // Before the entry goes: what dies in between tells it again, rather than never.
    for (const each of conflict === undefined ? earlier : [...earlier, conflict]) context.tell(each);
    // Older entries first: the newest is what says that they are done.
    for (const each of older) await context.store.settle(each, undefined);
    await context.store.settle({ member: entry.member, held }, arrived);
  }
  return true;
}

/** The version of the first write that a mark stands for. */
function begun({ first, version }: Mark): Version {
  return first ?? version;
}

async function firstWrite(context: ReplayContext, sending: Sending): Promise<AdapterWrite | undefined> {
  const { key, held, base } = sending;
  if (held.mark.beside === true && (await arrivedBefore(context, sending))) {
    await leave(context, sending);
    return undefined;
  }
  if (held.mark.state === "saved") return putOf(context, sending, shownHeader(held), base ?? "absent");
  if (base !== undefined) return { type: "delete", key, version: held.mark.version, expect: base };
  // Of what was saved and deleted again while nobody knew of the key: whatever else is there was not meant.
  const current = await context.ask((signal) => context.primary.stat(key, { now: context.now(), signal }));
  if (current === undefined) return undefined;
  if (sending.writers.has(writerOf(current.version))) {
    return { type: "delete", key, version: held.mark.version, expect: current.version };
  }
  if (!(await arrivedBefore(context, sending)))
    sending.conflict = conflictOf(chainOf(sending), current.version, undefined);
  return undefined;
}

/** Sends what there is to send, as one, until nothing is left of it. */
async function send(context: ReplayContext, sendings: readonly Sending[]): Promise<void> {
  for (;;) {
    const open = sendings.filter(({ write }) => write !== undefined);
    if (open.length === 0) return;
    const outcome = await write(
      context,
      open.map(({ write }) => write as AdapterWrite),
    );
    if (outcome.outcome === "applied") {
      for (const [index, sending] of open.entries()) {
        const result = outcome.results[index];
        if (result?.outcome === "written" && result.header.key === sending.key) {
          sending.arrived = { header: result.header, body: sending.body };
        }
        sending.write = undefined;
      }
      return;
    }
    const refused = open[outcome.index];
    if (refused === undefined) throw new StorageError("INTERNAL", "the primary refused a write that it was not given");
    await reconsider(context, refused, outcome.reason);
  }
}

async function write(context: ReplayContext, writes: readonly AdapterWrite[]): Promise<BatchOutcome> {
  const { primary } = context;
  const [only] = writes;
  if (writes.length > 1 || only === undefined) {
    return context.ask((signal) => {
      if (primary.batch === undefined) throw new StorageError("UNSUPPORTED", `${primary.name} takes no batch`);
      return primary.batch(writes, { now: context.now(), signal });
    }, bytesOf(writes));
  }
  const outcome = await context.ask((signal) => {
    const { expect } = only;
    if (only.type === "put") return primary.put(only.record, { expect, now: context.now() }, { signal });
    return primary.delete(only.key, { version: only.version, expect: only.expect, now: context.now() }, { signal });
  }, bytesOf(writes));
  if (outcome.outcome === "conflict" || outcome.outcome === "stale") {
    return { outcome: "refused", index: 0, reason: outcome };
  }
  return { outcome: "applied", results: [outcome] };
}

/** What becomes of a write that the primary refused. */
async function reconsider(context: ReplayContext, sending: Sending, reason: Conflicting | Stale): Promise<void> {
  const { key, held, write } = sending;
  const { version, state } = held.mark;
  sending.refused = true;
  const isCopy = write?.type === "put" && write.record.header.key !== key;
  // Only this entry is ever kept under that name: whatever is or was there, it had arrived.
  if (isCopy) {
    sending.write = undefined;
    return;
  }
  if (reason.outcome === "stale") {
    if (reason.floor === version) await recognise(context, sending);
    else if (await arrivedBefore(context, sending)) await leave(context, sending);
    else await renumber(context, sending, reason.floor);
    return;
  }
  const { current } = reason;
  if (current !== undefined && sending.writers.has(writerOf(current.version))) {
    // Of the same chain: what it replaces, or what replaced it.
    sending.write = current.version >= version ? undefined : await expecting(context, sending, current.version);
    return;
  }
  if (await arrivedBefore(context, sending)) return leave(context, sending);
  if (state === "deleted") {
    sending.write = undefined;
    if (current !== undefined) sending.conflict = conflictOf(chainOf(sending), current.version, undefined);
    return;
  }
  if (current === undefined) {
    sending.conflict = conflictOf(chainOf(sending), null, key);
    sending.write = await expecting(context, sending, "absent");
    return;
  }
  // What died after the next step must not send it to its own key, where that is free by then.
  if (held.mark.beside === undefined) await note(context, sending, { beside: true });
  const keptAs = conflictKey(key, version);
  sending.conflict = conflictOf(chainOf(sending), current.version, keptAs);
  const shown = shownHeader(held);
  const copy = await context.carry({ header: shown, body: sending.body }, { ...shown, key: keptAs });
  sending.write = await putOf(context, copy, copy.header, "absent");
}

/** It had arrived. */
async function leave(context: ReplayContext, sending: Sending): Promise<void> {
  sending.write = undefined;
  sending.conflict = await conflictBefore(context, chainOf(sending));
}

async function expecting(
  context: ReplayContext,
  sending: Sending,
  expect: Version | "absent",
): Promise<AdapterWrite | undefined> {
  const { key, held } = sending;
  if (held.mark.state === "saved") return putOf(context, sending, shownHeader(held), expect);
  return expect === "absent" ? undefined : { type: "delete", key, version: held.mark.version, expect };
}

/** An earlier try had arrived, and is what stands. */
async function recognise({ primary, ask, now }: ReplayContext, sending: Sending): Promise<void> {
  const { key, held, body } = sending;
  sending.write = undefined;
  const header = await ask((signal) => primary.stat(key, { now: now(), signal }));
  if (header?.version === held.mark.version) sending.arrived = { header, body };
}

/** A greater version, written down before it is sent, so that it is recognised after a crash. */
async function renumber(context: ReplayContext, sending: Sending, floor: Version): Promise<void> {
  const { clock } = context;
  clock.observe(floor);
  const version = clock.next();
  sending.writers = new Set([...sending.writers, writerOf(version)]);
  const shown = shownHeader(sending.held);
  const record = await context.carry({ header: shown, body: sending.body }, { ...shown, version });
  sending.body = record.body;
  await note(context, sending, { version, writers: [...sending.writers] }, record.header);
  const { write, held } = sending;
  if (write?.type === "put") sending.write = await putOf(context, sending, shownHeader(held), write.expect);
  else if (write?.type === "delete") sending.write = { ...write, version };
}

async function note(
  { store }: ReplayContext,
  sending: Sending,
  news: Parameters<FallbackStore["note"]>[2],
  header = shownHeader(sending.held),
): Promise<void> {
  const { entry, held, body, key } = sending;
  const noted = await store.note({ member: entry.member, held }, { header, body }, news);
  if (noted === undefined) {
    throw new StorageError("UNAVAILABLE", `the fallback's entry of ${JSON.stringify(key)} has changed`);
  }
  sending.held = noted;
}

async function putOf(
  { primary, termsOf }: ReplayContext,
  { body }: Pick<Sending, "body">,
  header: RecordHeader,
  expect: Version | "absent" | "any",
): Promise<AdapterWrite> {
  const terms = primary.capabilities.query === "native" ? termsOf(header) : [];
  const { chunkHashes } = await checksumOf(body);
  return { type: "put", record: { header, body, terms, chunkHashes }, expect };
}

/** Whether the primary once took the entry, under its key or beside it, and something else has come since. */
async function arrivedBefore({ primary, ask }: ReplayContext, { key, held, after }: Sending): Promise<boolean> {
  const { version } = held.mark;
  // Where it cannot be told it is sent: twice is better than never.
  return (await hasArrived(primary, ask, { keys: [key, conflictKey(key, version)], version, after })) ?? false;
}

function chainOf({ key, held, first, writers }: Sending): Chain {
  return { key, version: held.mark.version, first, writers };
}
