import { rechunk } from "../codec/rechunk.js";
import { equalBytes } from "../encryption/byte-fields.js";
import { mustReseal } from "../engine/carry-encrypted.js";
import type { Operation } from "../engine/failure.js";
import { isSealed, revealed } from "../engine/items.js";
import type { Session } from "../engine/session.js";
import { openEncoded } from "../engine/streams.js";
import { type ErrorCode, StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";
import type { Move } from "./moves.js";
import type { Run } from "./run.js";
import { differencesBetween, sameContent } from "./same-content.js";

/** A value that a store holds. */
export interface Holding {
  /** The store, with the keys for what it holds. */
  readonly session: Session;
  readonly header: RecordHeader;
  /** It is a kept version, and does not stand. */
  readonly kept?: boolean;
  /** What it is to be elsewhere. */
  readonly becomes?: Pick<Move, "expected" | "remade">;
}

/** With these nobody can tell, and what nobody can tell is not the same. */
const NOT_OPENED: readonly ErrorCode[] = ["KEY_MISSING", "DECRYPT_FAILED", "CORRUPT"];
const COMPARED_BYTES = 64 * 1024;

/** Whether what stands in the destination is what this item is to be there. */
export async function hasArrived(run: Run, move: Move, standing: RecordHeader): Promise<boolean> {
  const { source, destination, operation } = run;
  if (!isResealed(run, move) && sameContent(move.expected, standing)) return true;
  const moved = { session: source.session, header: move.header, becomes: move };
  return sameWhenOpened(operation, moved, { session: destination.session, header: standing });
}

/** Whether what the destination holds, standing or kept, is what this kept version of the source is to be there. */
export async function versionHasArrived(
  { source, destination, operation, options }: Run,
  version: RecordHeader,
  { header: found, kept = false }: Pick<Holding, "header" | "kept">,
): Promise<boolean> {
  const resealed = mustReseal(destination.session, version, { ...version, key: found.key }, options);
  if (!resealed && sameContent(version, found)) return true;
  const moved = { session: source.session, header: version, kept: true };
  return sameWhenOpened(operation, moved, { session: destination.session, header: found, kept });
}

/** Whether two stores hold the same value, saved in the same way; also where one is the other encrypted anew. */
export async function sameValue(operation: Operation, a: Holding, b: Holding): Promise<boolean> {
  return sameContent(a.header, b.header) || sameWhenOpened(operation, a, b);
}

/** Whether an item is encrypted anew on its way. */
export function isResealed({ options: { reencrypt }, destination }: Run, { header, expected, remade }: Move): boolean {
  return mustReseal(destination.session, header, expected, { reencrypt, remade });
}

/** In which properties an item that is encrypted anew on its way has not become what it was to be, its bytes aside. */
export async function openedDifferences(
  { source, destination }: Run,
  move: Move,
  found: RecordHeader,
): Promise<string[]> {
  if (found.encryption === undefined) return ["encryption"];
  const moved = { session: source.session, header: move.header, becomes: move };
  return differencesBetween(await factsOf(moved), await factsOf({ session: destination.session, header: found }));
}

/** What is encrypted anew has other bytes and another checksum: what it says when it is opened tells. */
async function sameWhenOpened(operation: Operation, a: Holding, b: Holding): Promise<boolean> {
  // Of one encryption, or of none: then the checksum tells.
  if (a.header.encryption?.id === b.header.encryption?.id) return false;
  if (a.header.modified !== b.header.modified) return false;
  if (differencesBetween(await factsOf(a), await factsOf(b)).length > 0) return false;
  try {
    return await sameBytes(await encodedBytes(operation, a), await encodedBytes(operation, b));
  } catch (error) {
    if (StorageError.is(error) && NOT_OPENED.includes(error.code)) return false;
    throw error;
  }
}

/** What can be said of a value without its bytes, however it is encrypted. */
async function factsOf({ session, header, becomes }: Holding): Promise<object> {
  const says = becomes?.expected ?? header;
  const { tags, metadata } = becomes?.remade ?? (isSealed(header) ? await revealed(session, header) : says);
  const { format, compression, size, modified, expiration, schema, indexed } = says;
  return { tags, metadata, format, compression, size, modified, expiration, schema, indexed };
}

async function encodedBytes(
  operation: Operation,
  { session, header, kept = false, becomes }: Holding,
): Promise<AsyncIterable<Uint8Array>> {
  const made = becomes?.remade?.value;
  if (made !== undefined) return single(made.packed);
  const wanted = { key: header.key, version: kept ? header.version : undefined };
  const opened = await openEncoded(session, operation, wanted);
  return opened?.header.version === header.version ? opened.bytes : NOTHING;
}

/** As of something that has changed meanwhile: like no value, the empty one included. */
const NOTHING: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({
    next: () => Promise.reject(new StorageError("CORRUPT", "it was changed meanwhile")),
  }),
};

async function sameBytes(a: AsyncIterable<Uint8Array>, b: AsyncIterable<Uint8Array>): Promise<boolean> {
  const [left, right] = [rechunk(a, COMPARED_BYTES), rechunk(b, COMPARED_BYTES)];
  try {
    for (;;) {
      const [one, other] = [await left.next(), await right.next()];
      if (one.done || other.done) return one.done === other.done;
      if (!equalBytes(one.value, other.value)) return false;
    }
  } finally {
    await left.return(undefined);
    await right.return(undefined);
  }
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
