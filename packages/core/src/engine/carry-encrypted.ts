import { chain } from "../awaitable.js";
import { withoutKeys } from "../codec/decode-value.js";
import type { PackedValue } from "../codec/encode-value.js";
import { encodeStream, verifiedChunks } from "../codec/stream.js";
import { canonicalJson } from "../encryption/canonical-json.js";
import { StorageError } from "../errors.js";
import type { Awaitable, EncryptionHeader, RecordHeader, StoredRecord, StoredStream } from "../spi/index.js";
import type { BodilessRecord, Draft, ValueDraft } from "./draft.js";
import { isSealed } from "./items.js";
import type { Session } from "./session.js";
import type { SealedValue, Vault } from "./vault.js";
import { termsFor } from "./write-record.js";

/** How what is encrypted is encrypted anew. */
export interface Resealing {
  /** Also where the same bytes could go on. Default: false. */
  readonly reencrypt?: boolean | undefined;
  /** What becomes of an encrypted value on the way; undefined: it stays as it is. */
  readonly remade?: Remade | undefined;
}

/** Another value, or other tags and metadata, for something that stays encrypted. */
export interface Remade {
  readonly tags: readonly string[];
  readonly metadata: RecordHeader["metadata"];
  /** Encoded anew; undefined: the bytes are those of the record. */
  readonly value: PackedValue | undefined;
}

/**
 * Whether a stored record can go into `into` under the header `next` only when it is encrypted anew; or for the first time, where
 * nothing plain may go in.
 */
export function mustReseal(
  into: Session,
  { key, encryption }: RecordHeader,
  next: RecordHeader,
  { reencrypt = false, remade }: Resealing,
): boolean {
  if (encryption === undefined) return into.vault?.required ?? false;
  if (reencrypt || remade !== undefined || key !== next.key) return true;
  return into.vault !== undefined && into.vault.realm !== encryption.realm;
}

/** The header under which the same bytes go on: signed anew where it says something else than before. */
export function carriedHeader(
  into: Session,
  origin: Session,
  stored: RecordHeader,
  next: RecordHeader,
): Awaitable<RecordHeader> {
  if (stored.encryption === undefined || signedContent(stored) === signedContent(next)) return next;
  const vault = readerOf(into, origin, stored);
  return chain(vault.authenticate(stored), () => vault.sign(next));
}

/** A record with its `encryption`, under another header, for `AdapterContext.carry`. */
export function carryRecord(
  vault: Vault | undefined,
  record: StoredRecord,
  encryption: EncryptionHeader,
  next: RecordHeader,
): Awaitable<StoredRecord> {
  const { header, body } = record;
  if (vault === undefined) throw withoutKeys(header);
  if (header.key === next.key) {
    return chain(vault.authenticate(header), () =>
      chain(vault.sign({ ...next, encryption }), (signed) => ({ header: signed, body })),
    );
  }
  return chain(vault.packed(record), (packed) =>
    chain(vault.reveal(header), (shown) =>
      chain(
        vault.sealPacked(draftOf(shown, next, header), packed, header, (draft) => ({
          ...anew(next, draft),
          terms: [],
        })),
        (sealed) => ({ header: sealed.record.header, body: sealed.body }),
      ),
    ),
  );
}

/** A whole value, encrypted anew for `next`. */
export function resealWhole(
  into: Session,
  origin: Session,
  record: StoredRecord,
  next: RecordHeader,
  { remade }: Resealing,
): Awaitable<SealedValue> {
  const { header } = record;
  const reader = header.encryption && readerOf(into, origin, header);
  const writer = writerOf(into);
  const sealed = ({ packed, ...facts }: PackedValue, shown: Shown) =>
    writer.sealPacked(draftOf(shown, next, header), packed, facts, (draft) => indexed(into, anew(next, draft)));
  const { format, compression, size } = header;
  if (reader === undefined) return sealed({ format, compression, size, packed: record.body }, next);
  const { value } = remade ?? {};
  // Nothing goes under a new MAC that the old one does not vouch for.
  if (value !== undefined) return chain(reader.authenticate(header), () => sealed(value, remade ?? next));
  return chain(reader.packed(record), (packed) =>
    chain(remade ?? shownOf(reader, header, next), (shown) => sealed({ format, compression, size, packed }, shown)),
  );
}

/** The same for a stream: its new chunks, and the record once they have passed. */
export async function resealStream(
  into: Session,
  origin: Session,
  { header, chunkHashes, body }: StoredStream,
  next: RecordHeader,
  { remade }: Resealing,
): Promise<{ chunks: AsyncIterable<Uint8Array>; recordOf: () => Promise<BodilessRecord> }> {
  const reader = header.encryption && readerOf(into, origin, header);
  const writer = writerOf(into);
  const open = reader && (await reader.opener(header)).open;
  const shown = remade ?? (reader === undefined ? next : await shownOf(reader, header, next));
  const draft = draftOf(shown, next, header);
  const { format, compression, size } = header;
  const seal = await writer.sealStream(draft, { format }, (complete) => indexed(into, anew(next, complete)));
  // The bytes that come are compressed already.
  const encryption = (packed: AsyncIterable<Uint8Array>) => seal.encryption(packed, compression);
  const verified = verifiedChunks(header, chunkHashes, body);
  const { chunks, facts } = encodeStream(open?.(verified) ?? verified, { compress: false, encryption });
  return { chunks, recordOf: async () => seal.recordOf({ ...(await facts()), format, compression, size }) };
}

/** What the MAC is made of. */
function signedContent({ created: _created, ...header }: RecordHeader): string {
  return canonicalJson(header);
}

/** What opens a stored record; throws KEY_MISSING where neither side has keys. */
export function readerOf(into: Session, origin: Session, header: RecordHeader): Vault {
  const vault = origin.vault ?? into.vault;
  if (vault === undefined) throw withoutKeys(header);
  return vault;
}

function writerOf({ vault }: Session): Vault {
  if (vault === undefined) throw noWriter();
  return vault;
}

/** INVALID_OPTION. */
export function noWriter(): StorageError {
  return new StorageError(
    "INVALID_OPTION",
    `to encrypt anew, open the destination with the setting "encryption" and a key provider`,
  );
}

type Shown = Pick<RecordHeader, "tags" | "metadata">;

/** What is hidden goes on as it is; what is not, as the new header has it. */
function shownOf(reader: Vault, header: RecordHeader, next: RecordHeader): Awaitable<Shown> {
  return isSealed(header) ? reader.reveal(header) : next;
}

/** What is stored sealed stays sealed, whatever the setting of the one who writes it anew. */
function draftOf(
  { tags, metadata }: Shown,
  { key, expiration, schema, indexed }: RecordHeader,
  stored: RecordHeader,
): ValueDraft {
  const marks = schema === undefined ? undefined : { schema, ...(indexed && { indexed }) };
  return { key, tags, metadata, expiration, sealed: isSealed(stored), ...(marks && { marks }) };
}

/** The header `next` with what is true of the new body. */
function anew(next: RecordHeader, { tags, metadata, encoded }: Draft): Omit<BodilessRecord, "terms"> {
  const { format, compression, size, storedSize, checksum, chunkHashes } = encoded;
  // The fields that a collection indexes are data.
  const { encryption: _encryption, fields: _fields, ...rest } = next;
  const header = { ...rest, tags, metadata, format, compression, size, storedSize, checksum };
  return { header, chunkHashes };
}

function indexed(session: Session, record: Omit<BodilessRecord, "terms">): BodilessRecord {
  return { ...record, terms: termsFor(session, record.header) };
}
