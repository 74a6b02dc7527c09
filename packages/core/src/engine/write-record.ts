import { chain, isPromise } from "../awaitable.js";
import { withoutKeys } from "../codec/decode-value.js";
import { StorageError } from "../errors.js";
import { termsOf } from "../query/terms.js";
import type {
  Awaitable,
  Conflicting,
  DeleteOutcome,
  Expectation,
  PutCondition,
  PutOutcome,
  RecordHeader,
  Stale,
  Version,
} from "../spi/index.js";
import type { BodilessRecord, Draft, WholeDraft } from "./draft.js";
import type { Operation } from "./failure.js";
import type { Session } from "./session.js";
import { countBytes } from "./tally.js";
import type { SealedValue } from "./vault.js";
import type { Turn } from "./write-turns.js";

// An adapter may answer `stale` while other writers keep overtaking; so many times in a row it is broken.
const MOST_TICKS = 1_000;

/** Puts a value that is whole in memory. Throws CONFLICT, and what `checkRoom` throws. */
export function writeValue(
  session: Session,
  operation: Operation,
  draft: WholeDraft,
  expect: Expectation,
  turn: Turn,
): Awaitable<RecordHeader> {
  const { body } = draft.encoded;
  checkRoom(session, body);
  return writeWhole(session, operation, versioned(session, draft), body, expect, turn);
}

/** The same for a value that is encrypted. */
export function writeSealed(
  session: Session,
  operation: Operation,
  { record, body }: SealedValue,
  expect: Expectation,
  turn: Turn,
): Awaitable<RecordHeader> {
  checkRoom(session, body);
  return writeWhole(session, operation, record, body, expect, turn);
}

/** Throws UNSUPPORTED for a body that has to come as a stream, QUOTA_EXCEEDED where none that large can come. */
export function checkRoom({ adapter }: Session, { length }: Uint8Array): void {
  const most = adapter.capabilities.limits.bufferedBody;
  if (length <= most) return;
  if (adapter.writeStream === undefined) throw tooLarge(adapter.name, most);
  throw new StorageError(
    "UNSUPPORTED",
    `a value of ${length} bytes is more than ${adapter.name} takes whole; use saveStream`,
  );
}

/** QUOTA_EXCEEDED. */
export function tooLarge(adapter: string, most: number): StorageError {
  return new StorageError("QUOTA_EXCEEDED", `${adapter} holds values of up to ${most} bytes`);
}

type Put = (record: BodilessRecord, condition: PutCondition) => Awaitable<PutOutcome>;

/**
 * Puts a record, ticking past versions that stand. Returns the header as stored; throws CONFLICT. No promise where the
 * adapter answers at once and takes the first version.
 */
export function writeRecord(
  session: Session,
  operation: Operation,
  record: BodilessRecord,
  expect: Expectation,
  put: Put,
): Awaitable<RecordHeader> {
  return chain(put(record, { expect, now: session.now() }), (outcome) =>
    outcome.outcome === "written" ? outcome.header : writeAgain(session, operation, record, expect, put, outcome),
  );
}

async function writeAgain(
  session: Session,
  operation: Operation,
  first: BodilessRecord,
  expect: Expectation,
  put: Put,
  refusal: Conflicting | Stale,
): Promise<RecordHeader> {
  let record = first;
  let outcome: PutOutcome = refusal;
  for (let tick = 1; outcome.outcome !== "written"; tick++) {
    if (outcome.outcome === "conflict") throw conflictError(operation.key, outcome);
    if (outcome.floor === record.header.version) return landed(session, operation, record.header);
    if (tick === MOST_TICKS) {
      throw new StorageError(
        "INTERNAL",
        `the adapter refused ${MOST_TICKS} versions in a row, each above the one it named`,
      );
    }
    // What is plain in one step: a call in between would have a later version and come before it.
    const signing = signed(session, { ...record.header, version: above(session, outcome.floor) });
    const header: RecordHeader = isPromise(signing) ? await signing : signing;
    record = { ...record, header };
    session.checkWanted(operation);
    outcome = await put(record, { expect, now: session.now() });
  }
  return outcome.header;
}

/** As `writeRecord`, with the body in one piece. Without a turn it has no order among the writes of its key. */
export function writeWhole(
  session: Session,
  operation: Operation,
  first: BodilessRecord,
  body: Uint8Array,
  expect: Expectation,
  turn?: Turn,
): Awaitable<RecordHeader> {
  const { adapter } = session;
  const { signal } = operation;
  countBytes(operation, body.length);
  const put: Put = (record, condition) =>
    askToPut(session, operation, turn, record, expect, () => adapter.put({ ...record, body }, condition, { signal }));
  return writeRecord(session, operation, first, expect, put);
}

/**
 * As `ask`, for one put or delete. A conflict that is met after a try without an answer is no certain one: that try may have
 * taken effect and been overtaken since. Saying CONFLICT would make the caller do it a second time. `isUnknown`: of what else that
 * holds.
 *
 * Nothing is tried again that would take back a later call: UNAVAILABLE where one has taken effect, or where one is under way for as
 * long as there are tries.
 */
export function askToWrite<Outcome extends PutOutcome | DeleteOutcome>(
  session: Session,
  operation: Operation,
  turn: Turn | undefined,
  write: () => Awaitable<Outcome>,
  isUnknown: (outcome: Outcome) => boolean = () => false,
): Awaitable<Outcome> {
  let tries = 0;
  let isHeldBack = false;
  const answer = session.ask(operation, () => {
    const isAgain = tries++ > 0;
    if (isAgain && turn?.overtaken) throw overtakenError(operation, false);
    isHeldBack = isAgain && turn?.contended === true;
    // Core looks again, since what is under way may fail.
    if (isHeldBack) throw overtakenError(operation, true);
    return write();
  });
  const judge = (outcome: Outcome): Outcome => {
    if (tries > 1 && (outcome.outcome === "conflict" || isUnknown(outcome))) throw unknownOutcome(operation, outcome);
    return outcome;
  };
  if (!isPromise(answer)) return judge(answer);
  return answer.then(judge, (error: unknown) => {
    // Its caller is not to do it once more: that would be a call behind the later one.
    throw isHeldBack && StorageError.is(error, "UNAVAILABLE") ? overtakenError(operation, false) : error;
  });
}

/**
 * As `askToWrite`. Where nothing was to stand and nothing does, but something did since the try without an answer, that may have been
 * what this wrote, and somebody has deleted it.
 */
export function askToPut(
  session: Session,
  operation: Operation,
  turn: Turn | undefined,
  { header }: BodilessRecord,
  expect: Expectation,
  write: () => Awaitable<PutOutcome>,
): Awaitable<PutOutcome> {
  const isUnknown = (met: PutOutcome) => expect === "absent" && met.outcome === "stale" && met.floor !== header.version;
  return askToWrite(session, operation, turn, write, isUnknown);
}

/** The draft as a record with its version, or a fresh one. */
export function versioned(session: Session, draft: Draft): BodilessRecord {
  const { key, tags, metadata, expiration, encoded, marks, modified } = draft;
  const now = session.now();
  const header: RecordHeader = {
    key,
    version: draft.version ?? session.versions.next(),
    size: encoded.size,
    storedSize: encoded.storedSize,
    format: encoded.format,
    compression: encoded.compression,
    created: now,
    modified: modified ?? now,
    expiration,
    tags,
    metadata,
    checksum: encoded.checksum,
    ...marks,
  };
  return { header, terms: termsFor(session, header), chunkHashes: encoded.chunkHashes };
}

/** Empty for adapters that do not index. */
export function termsFor(session: Session, header: RecordHeader): string[] {
  return session.adapter.capabilities.query === "native" ? termsOf(header) : [];
}

/** What is encrypted is signed anew for what its header says now. Throws KEY_MISSING. */
export function signed({ vault }: Session, header: RecordHeader): Awaitable<RecordHeader> {
  if (header.encryption === undefined) return header;
  if (vault === undefined) throw withoutKeys(header);
  return vault.sign(header);
}

/** A version above `floor` and everything else seen. */
export function above(session: Session, floor: Version): Version {
  session.versions.observe(floor);
  return session.versions.next();
}

export function conflictError(key: string | undefined, { current }: Conflicting): StorageError {
  const stands = current === undefined ? "nothing stands there" : `version ${current.version} stands there`;
  return new StorageError(
    "CONFLICT",
    `${JSON.stringify(key)} is not as expected: ${stands}; load it again and decide anew`,
    {
      key,
      current: current?.version ?? null,
    },
  );
}

function unknownOutcome({ name, key }: Operation, outcome: PutOutcome | DeleteOutcome): StorageError {
  const current = outcome.outcome === "conflict" ? outcome.current : undefined;
  return new StorageError(
    "UNAVAILABLE",
    `${name} ${JSON.stringify(key)}: the store did not answer, and was changed by somebody else meanwhile, so the outcome is unknown; load it again and decide anew`,
    { key, retryable: false, current: current?.version ?? null },
  );
}

function overtakenError({ name, key }: Operation, retryable: boolean): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    `${name} ${JSON.stringify(key)}: the store did not answer, and was not asked again, since a later call for this key came first`,
    { key, retryable },
  );
}

/** An earlier try of this write had succeeded although it seemed to fail: what stands is what it wrote, or newer. */
async function landed(session: Session, operation: Operation, header: RecordHeader): Promise<RecordHeader> {
  const { signal } = operation;
  const standing = await session.ask(operation, () => session.adapter.stat(header.key, { now: session.now(), signal }));
  return standing?.version === header.version ? standing : header;
}
