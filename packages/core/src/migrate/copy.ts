import type { Resealing } from "../engine/carry-encrypted.js";
import { concurrently } from "../engine/concurrently.js";
import { type StoredSource, writable, writeSource } from "../engine/stored-source.js";
import { readVerified } from "../engine/streams.js";
import { countBytes } from "../engine/tally.js";
import { StorageError } from "../errors.js";
import type { AdapterWrite, BatchOutcome, RecordHeader, WriteRecord } from "../spi/index.js";
import { backUp } from "./backup.js";
import { type CopyDecision, type Decision, decide } from "./decide.js";
import { type Move, moveOf } from "./moves.js";
import { copyVersions } from "./previous-versions.js";
import { discard, headerOf, readStored } from "./read-stored.js";
import type { Run } from "./run.js";
import { sameContent } from "./same-content.js";
import { hasArrived } from "./same-value.js";
import { standingAt } from "./standing.js";
import { versionFor } from "./version-for.js";

/** Bodies from this size on are written one by one. */
const LARGE = 1024 * 1024;
/** How often an item is decided on anew because somebody else wrote it, in the source or the destination, in between. */
const MOST_TRIES = 20;

interface Prepared {
  readonly move: Move;
  readonly decision: CopyDecision;
  readonly record: WriteRecord;
}

/** Brings a batch into the destination: small items in one step where it can, all others one by one, several at once. */
export async function copyBatch(
  run: Run,
  moves: readonly Move[],
  standing: ReadonlyMap<string, RecordHeader>,
  following: boolean,
): Promise<void> {
  const together = new Map<string, Prepared>();
  const alone: Move[] = [];
  const { adapter } = run.destination.session;
  const inSteps = adapter.capabilities.batch === "atomic" && !run.history;
  await concurrently(moves, run.concurrency, (move) =>
    run.attempt(move.key, async () => {
      run.checkWanted();
      if (!inSteps || move.expected.storedSize >= LARGE)
        return copyItem(run, move, standing.get(move.expected.key), following);
      const decision = await decide(run, move, standing.get(move.expected.key), following);
      if (decision.kind !== "copy") return account(run, move, decision, following);
      const prepared = together.has(decision.at) ? undefined : await prepare(run, move, decision);
      // Another one that becomes the same key, or one that changed: each has its own turn.
      if (prepared === undefined || together.has(decision.at)) alone.push(move);
      else together.set(decision.at, prepared);
    }),
  );
  const refused = await writeTogether(run, [...together.values()], following);
  await concurrently([...refused, ...alone], run.concurrency, (move) =>
    run.attempt(move.key, async () => copyItem(run, move, await standingAt(run, move.expected.key), following)),
  );
}

/** Decides on one item, and writes it if it is to be, again for as long as somebody else gets in between. */
export async function copyItem(
  run: Run,
  item: Move,
  seen: RecordHeader | undefined,
  following: boolean,
): Promise<void> {
  let move = item;
  let standing = seen;
  for (let tries = 1; ; tries++) {
    run.checkWanted();
    const decision = await decide(run, move, standing, following);
    if (decision.kind !== "copy") return account(run, move, decision, following);
    const stored = await readMove(run, move);
    // Deleted or expired in the source since it was listed: nothing is owed.
    if (stored === undefined) return;
    if (isAsListed(move, headerOf(stored))) {
      try {
        return await account(run, move, decision, following, await write(run, move, decision, stored));
      } catch (error) {
        if (!StorageError.is(error, "CONFLICT") || tries === MOST_TRIES) throw error;
      }
    } else {
      await discard(stored);
      if (tries === MOST_TRIES)
        throw new StorageError("CONFLICT", "it keeps changing in the source: run again when it rests");
      const changed = await moveOf(run, headerOf(stored));
      if (changed === undefined) return;
      move = changed;
    }
    standing = await standingAt(run, move.expected.key);
  }
}

/**
 * Writes an item anew whose header was found in the destination as it is to be, and whose body cannot be read there. False where that is
 * not what is wrong: what this migration wrote itself is reported, and whatever else stands there is somebody's own.
 */
export async function mendFound(run: Run, move: Move): Promise<boolean> {
  const { state, destination } = run;
  const { key, expected } = move;
  const as = state.exceptions.get(key) ?? undefined;
  const at = as === undefined ? expected.key : destination.pathOf(as);
  const standing = await standingAt(run, at);
  if (standing === undefined || !state.settled.has(key, standing) || state.settled.wrote(key, standing)) return false;
  if (!(await hasArrived(run, move, standing)) || !(await isDamaged(run, at))) return false;
  const stored = await readMove(run, move);
  if (stored === undefined) return false;
  // Nothing is backed up, since nobody can read it. Its kept versions are there.
  const decision: CopyDecision = { kind: "copy", at, as, over: standing, ours: true };
  try {
    if (!isAsListed(move, headerOf(stored))) throw new StorageError("CONFLICT", "it has just changed in the source");
    const written = await writeAlone(run, move, decision, stored);
    const isCounted = state.settled.found(key, standing);
    if (isCounted) state.report.unchanged--;
    await account(run, move, decision, !isCounted, written);
  } catch (error) {
    await discard(stored);
    throw error;
  }
  return true;
}

async function isDamaged({ destination: { session }, operation }: Run, path: string): Promise<boolean> {
  try {
    await readVerified(session, operation, path);
    return false;
  } catch (error) {
    if (StorageError.is(error, "CORRUPT")) return true;
    throw error;
  }
}

/** Counts what was decided; with `written`, what stands in the destination since. */
export async function account(
  run: Run,
  move: Move,
  decision: Decision,
  following: boolean,
  written?: RecordHeader,
): Promise<void> {
  const { state } = run;
  const { key, expected } = move;
  const { report } = state;
  if (decision.kind === "conflict") return state.conflict(key);
  if (decision.kind === "skipped") {
    if (!state.exceptions.has(key)) report.skipped++;
    state.leaveOut(key);
    return;
  }
  const { as } = decision;
  if (as !== undefined && state.exceptions.get(key) !== as) await state.keepBoth({ key, as });
  if (decision.kind === "unchanged") {
    if (!following) report.unchanged++;
    state.settle(key, decision.standing, following ? "found-since" : "found", as);
    return;
  }
  if (following) {
    report.changed.saved++;
    await state.tell({ type: "source-changed", key, change: "save" });
  } else report.copied++;
  report.bytes += expected.storedSize;
  if (written !== undefined) state.settle(key, written, "written", as);
}

/** A small record with its body; undefined where it changed in the source since it was listed. */
async function prepare(run: Run, move: Move, decision: CopyDecision): Promise<Prepared | undefined> {
  const { session } = run.destination;
  const stored = await readMove(run, move);
  if (stored === undefined || !isAsListed(move, headerOf(stored)) || stored.kind === "stream") {
    if (stored !== undefined) await discard(stored);
    return undefined;
  }
  await makeRoom(run, decision);
  const header = withEncryptionOf(stored.record.header, headerFor(run, move, decision));
  const { record, body } = await writable(session, stored, header, resealingOf(run, move));
  return { move, decision, record: { ...record, body } };
}

/** Writes all or none in one step. Returns what is to be written one by one instead. */
async function writeTogether(run: Run, prepared: readonly Prepared[], following: boolean): Promise<Move[]> {
  const { session } = run.destination;
  const { signal } = run.operation;
  if (prepared.length === 0 || session.adapter.batch === undefined) return [];
  const writes = prepared.map(
    ({ record, decision }): AdapterWrite => ({ type: "put", record, expect: decision.over?.version ?? "absent" }),
  );
  session.checkWanted(run.operation);
  let outcome: BatchOutcome | undefined;
  try {
    outcome = await session.adapter.batch(writes, { now: session.now(), signal });
  } catch (error) {
    // Which of them failed, and whether any did, shows when each is looked at by itself.
    run.failureOf(error);
  }
  if (outcome?.outcome !== "applied") return prepared.map(({ move }) => move);
  for (const [index, { move, decision, record }] of prepared.entries()) {
    countBytes(run.operation, record.body.length);
    const result = outcome.results[index];
    if (result?.outcome === "written") await account(run, move, decision, following, result.header);
  }
  return [];
}

async function write(run: Run, move: Move, decision: CopyDecision, stored: StoredSource): Promise<RecordHeader> {
  const { session } = run.destination;
  try {
    await makeRoom(run, decision);
    if (!run.history || move.transformed) return await writeAlone(run, move, decision, stored);
    const { standing, keeps } = await copyVersions(run, move, decision.at, decision.over);
    const version = versionFor(session, move.header.version, keeps && decision.as === undefined);
    const header = { ...move.expected, key: decision.at, version };
    const expect = standing?.version ?? "absent";
    const headerOfIt = (read: RecordHeader) => withEncryptionOf(read, header);
    return await writeSource(session, run.operation, stored, headerOfIt, expect, resealingOf(run, move));
  } catch (error) {
    await discard(stored);
    throw error;
  }
}

/** Without previous versions. */
function writeAlone(run: Run, move: Move, decision: CopyDecision, stored: StoredSource): Promise<RecordHeader> {
  const header = headerFor(run, move, decision);
  const expect = decision.over?.version ?? "absent";
  const headerOfIt = (read: RecordHeader) => withEncryptionOf(read, header);
  return writeSource(run.destination.session, run.operation, stored, headerOfIt, expect, resealingOf(run, move));
}

/** Keeps what is about to be replaced. */
async function makeRoom(run: Run, { over, ours }: CopyDecision): Promise<void> {
  if (over !== undefined && !ours) await backUp(run, over);
}

function headerFor(run: Run, move: Move, { at, as, over }: CopyDecision): RecordHeader {
  const keeps = over === undefined && as === undefined && !move.transformed;
  return { ...move.expected, key: at, version: versionFor(run.destination.session, move.header.version, keeps) };
}

/**
 * Whether what was read is what was listed. Of what is encrypted the header is compared as well: the MAC is checked of what was read, and
 * must not be made anew for what only a listing said.
 */
function isAsListed({ header }: Move, read: RecordHeader): boolean {
  return read.version === header.version && (read.encryption === undefined || sameContent(read, header));
}

/** A rotation may have wrapped the key of a value anew since it was listed, and the former master key be gone. */
function withEncryptionOf({ encryption }: RecordHeader, header: RecordHeader): RecordHeader {
  return encryption === undefined ? header : { ...header, encryption };
}

function resealingOf({ options: { reencrypt } }: Run, { remade }: Move): Resealing {
  return { reencrypt, remade };
}

/** The bytes to write, with the header that the source has now. */
async function readMove(run: Run, { header, expected, encoded }: Move): Promise<StoredSource | undefined> {
  const wanted = { key: header.key, version: undefined, storedSize: header.storedSize };
  if (encoded === undefined) return readStored(run, run.source, wanted, run.destination);
  const { body, chunkHashes } = encoded;
  const { key, version } = header;
  return {
    kind: "whole",
    origin: run.source.session,
    record: { header: { ...expected, key, version }, body },
    chunkHashes,
  };
}
