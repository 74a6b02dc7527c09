import { verifyBytes } from "../codec/decode-value.js";
import { orDiscard } from "../codec/stream.js";
import type { Expectation, RecordHeader, StoredRecord, StoredStream } from "../spi/index.js";
import type { Operation } from "./failure.js";
import { checkSubject } from "./items.js";
import { readRecord, streamReader, type Wanted } from "./read-version.js";
import type { Session } from "./session.js";
import { copyStream } from "./streams.js";
import { countBytes } from "./tally.js";
import { termsFor, writeWhole } from "./write-record.js";

/** Bodies from this size on go through in chunks where both sides can. */
const STREAM_FROM = 4 * 1024 * 1024;

/** A stored record on its way into a store: whole and verified, or with a body that is verified while it is read. */
export type StoredSource =
  | { readonly kind: "whole"; readonly record: StoredRecord; readonly chunkHashes: Uint8Array }
  | { readonly kind: "stream"; readonly stream: StoredStream };

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
    return { kind: "whole", record, chunkHashes };
  }
  const stream = await open();
  if (stream === undefined) return undefined;
  await orDiscard(stream.body, () => checkSubject(stream.header, wanted.key, wanted.version));
  countBytes(operation, stream.header.storedSize);
  return { kind: "stream", stream };
}

/**
 * Writes the stored bytes as they are under the header that `headerFor` makes of theirs. What is whole is put before the call
 * returns, so that writes of a key keep their order.
 */
export async function writeSource(
  session: Session,
  operation: Operation,
  source: StoredSource,
  headerFor: (header: RecordHeader) => RecordHeader,
  expect: Expectation,
): Promise<RecordHeader> {
  if (source.kind === "stream") {
    const { stream } = source;
    const header = await orDiscard(stream.body, () => headerFor(stream.header));
    const record = { header, terms: termsFor(session, header), chunkHashes: stream.chunkHashes };
    return copyStream(session, operation, record, expect, stream);
  }
  const { record, chunkHashes } = source;
  const { body } = record;
  const header = headerFor(record.header);
  return writeWhole(session, operation, { header, terms: termsFor(session, header), chunkHashes }, body, expect);
}
