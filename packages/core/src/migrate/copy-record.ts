import { verifyBytes } from "../codec/decode-value.js";
import type { Operation } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import type { Session } from "../engine/session.js";
import { copyStream } from "../engine/streams.js";
import { countBytes } from "../engine/tally.js";
import { askToWrite, type BodilessRecord, termsFor, writeRecord } from "../engine/write-record.js";
import type { Expectation, RecordHeader, StoredRecord, Version } from "../spi/index.js";
import { isVersion, MAX_DRIFT, versionTime } from "../versions.js";

/** Bodies from this size on go through in chunks where both sides can. */
const STREAM_FROM = 4 * 1024 * 1024;

/**
 * Writes a source item into the destination, its stored bytes as they are. `over` is what the destination holds there
 * now. False when the item is gone from the source.
 */
export async function copyRecord(
  source: Internals,
  destination: Internals,
  { key, storedSize }: RecordHeader,
  over: RecordHeader | undefined,
  operation: Operation,
): Promise<boolean> {
  const target = destination.prefix + key.slice(source.prefix.length);
  const expect = over?.version ?? "absent";
  const reading = { now: source.session.now(), signal: operation.signal };
  const streams = storedSize >= STREAM_FROM && destination.session.adapter.writeStream !== undefined;
  if (streams) {
    const stream = await source.session.ask(operation, () => source.session.adapter.readStream?.(key, reading));
    if (stream !== undefined) {
      countBytes(operation, stream.header.storedSize);
      const record = recordFor(destination.session, stream.header, target, stream.chunkHashes, expect);
      await copyStream(destination.session, operation, record, expect, stream);
      return true;
    }
  }
  const record = await source.session.ask(operation, () => source.session.adapter.get(key, reading));
  if (record === undefined) return false;
  countBytes(operation, record.body.length);
  await writeWhole(destination.session, operation, target, record, expect);
  return true;
}

async function writeWhole(
  session: Session,
  operation: Operation,
  target: string,
  { header, body }: StoredRecord,
  expect: Expectation,
): Promise<void> {
  const { chunkHashes } = await verifyBytes(header, body);
  const record = recordFor(session, header, target, chunkHashes, expect);
  const { signal } = operation;
  countBytes(operation, body.length);
  await writeRecord(session, operation, record, expect, (versioned, condition) =>
    askToWrite(session, operation, () => session.adapter.put({ ...versioned, body }, condition, { signal })),
  );
}

/**
 * The version goes along only into a key where nothing stands. Where a tombstone does, its version decides: one below
 * shows that this version was never there; one above makes the adapter answer `stale`, and a new version is taken.
 */
function recordFor(
  session: Session,
  header: RecordHeader,
  target: string,
  chunkHashes: Uint8Array,
  expect: Expectation,
): BodilessRecord {
  const moved = { ...header, key: target, version: versionFor(session, header.version, expect) };
  return { header: moved, terms: termsFor(session, moved), chunkHashes };
}

function versionFor(session: Session, version: Version, expect: Expectation): Version {
  if (expect !== "absent" || !isVersion(version)) return session.versions.next();
  // A version from a clock gone wild would stand above every write to come.
  if (versionTime(version) > session.now() + MAX_DRIFT) return session.versions.next();
  session.versions.observe(version);
  return version;
}
