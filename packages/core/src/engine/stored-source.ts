import { chain } from "../awaitable.js";
import { verifyBytes } from "../codec/decode-value.js";
import { orDiscard } from "../codec/stream.js";
import type { Awaitable, Expectation, RecordHeader, StoredRecord, StoredStream } from "../spi/index.js";
import { carriedHeader, mustReseal, type Resealing, resealStream, resealWhole } from "./carry-encrypted.js";
import type { Operation } from "./failure.js";
import { checkSubject } from "./items.js";
import { readRecord, streamReader, type Wanted } from "./read-version.js";
import type { Session } from "./session.js";
import { copyStream, storeStream } from "./streams.js";
import { countBytes } from "./tally.js";
import type { SealedValue } from "./vault.js";
import { termsFor, writeWhole } from "./write-record.js";

/** Bodies from this size on go through in chunks where both sides can. */
const STREAM_FROM = 4 * 1024 * 1024;

/** A stored record on its way into a store: whole and verified, or with a body that is verified while it is read. */
export type StoredSource = WholeSource | StreamSource;

export interface WholeSource {
  readonly kind: "whole";
  /** Where it comes from. */
  readonly origin: Session;
  readonly record: StoredRecord;
  readonly chunkHashes: Uint8Array;
}

interface StreamSource {
  readonly kind: "stream";
  readonly origin: Session;
  readonly stream: StoredStream;
}

/** Reads a record of so many stored bytes for `writeSource` into `destination`. Throws CORRUPT. */
export async function openSource(
  session: Session,
  operation: Operation,
  wanted: Wanted & { readonly storedSize: number },
  destination: Session,
): Promise<StoredSource | undefined> {
  const streams = destination.adapter.writeStream !== undefined && wanted.storedSize >= STREAM_FROM;
  const open = streams ? streamReader(session, operation, wanted) : undefined;
  if (open === undefined) {
    const record = await readRecord(session, operation, wanted);
    if (record === undefined) return undefined;
    const { chunkHashes } = await verifyBytes(record.header, record.body);
    return { kind: "whole", origin: session, record, chunkHashes };
  }
  const stream = await open();
  if (stream === undefined) return undefined;
  await orDiscard(stream.body, () => checkSubject(stream.header, wanted.key, wanted.version));
  countBytes(operation, stream.header.storedSize);
  return { kind: "stream", origin: session, stream };
}

/**
 * Writes the stored bytes as they are under the header that `headerFor` makes of theirs. What is whole is put before the call
 * returns where that needs no promise, so that writes of a key keep their order.
 *
 * What is encrypted goes on as it is, without any key, where the header stays the same; its header is signed anew where only
 * version, times and the like change; and it is encrypted anew under another key or realm, as `resealing` says, and where the
 * destination takes nothing plain. Throws KEY_MISSING where the key for that is not there.
 */
export async function writeSource(
  session: Session,
  operation: Operation,
  source: StoredSource,
  headerFor: (header: RecordHeader) => RecordHeader,
  expect: Expectation,
  resealing: Resealing = {},
): Promise<RecordHeader> {
  if (source.kind === "stream") return writeStream(session, operation, source, headerFor, expect, resealing);
  return chain(writable(session, source, headerFor(source.record.header), resealing), ({ record, body }) =>
    writeWhole(session, operation, record, body, expect),
  );
}

/** A whole record as `writeSource` puts it under this header. */
export function writable(
  session: Session,
  { origin, record, chunkHashes }: WholeSource,
  header: RecordHeader,
  resealing: Resealing = {},
): Awaitable<SealedValue> {
  if (mustReseal(session, record.header, header, resealing)) {
    return resealWhole(session, origin, record, header, resealing);
  }
  return chain(carriedHeader(session, origin, record.header, header), (carried) => ({
    record: { header: carried, terms: termsFor(session, carried), chunkHashes },
    body: record.body,
  }));
}

async function writeStream(
  session: Session,
  operation: Operation,
  { origin, stream }: StreamSource,
  headerFor: (header: RecordHeader) => RecordHeader,
  expect: Expectation,
  resealing: Resealing,
): Promise<RecordHeader> {
  const header = await orDiscard(stream.body, () => headerFor(stream.header));
  if (mustReseal(session, stream.header, header, resealing)) {
    const resealed = await orDiscard(stream.body, () => resealStream(session, origin, stream, header, resealing));
    return storeStream(session, operation, header.key, resealed.chunks, expect, resealed.recordOf);
  }
  const carried = await orDiscard(stream.body, () => carriedHeader(session, origin, stream.header, header));
  const record = { header: carried, terms: termsFor(session, carried), chunkHashes: stream.chunkHashes };
  return copyStream(session, operation, record, expect, stream);
}
