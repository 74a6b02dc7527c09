import { chain } from "../awaitable.js";
import { withoutKeys } from "../codec/decode-value.js";
import { encodeStream, verifiedChunks } from "../codec/stream.js";
import { canonicalJson } from "../encryption/canonical-json.js";
import { StorageError } from "../errors.js";
import type { Awaitable, RecordHeader, StoredRecord, StoredStream } from "../spi/index.js";
import type { BodilessRecord, Draft, ValueDraft } from "./draft.js";
import type { Session } from "./session.js";
import type { SealedValue, Vault } from "./vault.js";
import { termsFor } from "./write-record.js";

/** Whether a stored record can go into `into` under the header `next` only when it is encrypted anew. */
export function mustReseal(
  into: Session,
  { key, encryption }: RecordHeader,
  next: RecordHeader,
  reencrypt: boolean,
): boolean {
  if (encryption === undefined) return false;
  return reencrypt || key !== next.key || (into.vault !== undefined && into.vault.realm !== encryption.realm);
}

/** The header under which the same bytes go on: signed anew where it says something else than before. */
export function carriedHeader(
  into: Session,
  origin: Session,
  stored: RecordHeader,
  next: RecordHeader,
): Awaitable<RecordHeader> {
  if (stored.encryption === undefined || signedContent(stored) === signedContent(next)) return next;
  const vault = origin.vault ?? into.vault;
  if (vault === undefined) throw withoutKeys(stored);
  return chain(vault.authenticate(stored), () => vault.sign(next));
}

/** A whole value, encrypted anew for `next`. */
export function resealWhole(
  into: Session,
  origin: Session,
  record: StoredRecord,
  next: RecordHeader,
): Awaitable<SealedValue> {
  const { header } = record;
  const reader = readerOf(into, origin, header);
  const writer = writerOf(into);
  return chain(reader.packed(record), (packed) =>
    chain(reader.reveal(header), (shown) =>
      writer.sealPacked(draftOf(shown, next), packed, header, (draft) => anew(into, next, draft)),
    ),
  );
}

/** The same for a stream: its new chunks, and the record once they have passed. */
export async function resealStream(
  into: Session,
  origin: Session,
  { header, chunkHashes, body }: StoredStream,
  next: RecordHeader,
): Promise<{ chunks: AsyncIterable<Uint8Array>; recordOf: () => Promise<BodilessRecord> }> {
  const reader = readerOf(into, origin, header);
  const writer = writerOf(into);
  const { open } = await reader.opener(header);
  const draft = draftOf(await reader.reveal(header), next);
  const { format, compression, size } = header;
  const seal = await writer.sealStream(draft, { format }, (complete) => anew(into, next, complete));
  // The bytes that come are compressed already.
  const encryption = (packed: AsyncIterable<Uint8Array>) => seal.encryption(packed, compression);
  const { chunks, facts } = encodeStream(open(verifiedChunks(header, chunkHashes, body)), {
    compress: false,
    encryption,
  });
  return { chunks, recordOf: async () => seal.recordOf({ ...(await facts()), format, compression, size }) };
}

/** What the MAC is made of. */
function signedContent({ created: _created, ...header }: RecordHeader): string {
  return canonicalJson(header);
}

function readerOf(into: Session, origin: Session, header: RecordHeader): Vault {
  const vault = origin.vault ?? into.vault;
  if (vault === undefined) throw withoutKeys(header);
  return vault;
}

function writerOf({ vault }: Session): Vault {
  if (vault !== undefined) return vault;
  throw new StorageError(
    "INVALID_OPTION",
    `to encrypt anew, open the destination with the setting "encryption" and a key provider`,
  );
}

function draftOf({ tags, metadata }: RecordHeader, { key, expiration, schema, indexed }: RecordHeader): ValueDraft {
  const marks = schema === undefined ? undefined : { schema, ...(indexed && { indexed }) };
  return { key, tags, metadata, expiration, ...(marks && { marks }) };
}

/** The header `next` with what is true of the new body. */
function anew(session: Session, next: RecordHeader, { tags, metadata, encoded }: Draft): BodilessRecord {
  const { format, compression, size, storedSize, checksum, chunkHashes } = encoded;
  const { encryption: _, ...rest } = next;
  const header = { ...rest, tags, metadata, format, compression, size, storedSize, checksum };
  return { header, terms: termsFor(session, header), chunkHashes };
}
