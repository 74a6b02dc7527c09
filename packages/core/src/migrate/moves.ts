import { type EncodedValue, type EncodingOptions, encodeValue, packValue } from "../codec/encode-value.js";
import { fieldsFrom } from "../collections/indexed-fields.js";
import type { TransformedItem } from "../contract/migration.js";
import { sealedSize } from "../encryption/sealed-size.js";
import { rejectUnknown } from "../engine/arguments.js";
import { mustReseal, type Remade, readerOf } from "../engine/carry-encrypted.js";
import { CallerError, callersOwn } from "../engine/failure.js";
import { isSealed, itemOf } from "../engine/items.js";
import { largestBody } from "../engine/largest-body.js";
import { readRecord, readValue } from "../engine/read-version.js";
import { type CheckedSave, checkUpdateOptions } from "../engine/write-options.js";
import { StorageError } from "../errors.js";
import { unlike } from "../invalid-option.js";
import { checkKey } from "../keys.js";
import type { RecordHeader } from "../spi/index.js";
import type { Run } from "./run.js";

/** One item on its way. */
export interface Move {
  /** As the source calls it. */
  readonly key: string;
  /** As the source has it. */
  readonly header: RecordHeader;
  /** What the destination is to hold, under its key there; but for version and `created`, which depend on what stands. */
  readonly expected: RecordHeader;
  /** The bytes, where a transform made others of an item that is not encrypted. */
  readonly encoded: EncodedValue | undefined;
  /** What a transform made of an item that is encrypted, where that takes a key. */
  readonly remade: Remade | undefined;
  /** Something other than its place changed. */
  readonly transformed: boolean;
}

const PROPERTIES = ["key", "data", "format", "compress", "tags", "metadata", "expiration"];

/**
 * Where an item of the source goes, and as what; undefined where filter or transform leave it out. Throws what makes it impossible:
 * INVALID_KEY, INVALID_VALUE, CORRUPT.
 */
export async function moveOf(run: Run, header: RecordHeader): Promise<Move | undefined> {
  const key = run.relative(header.key);
  if (!(await isChosen(run, header))) return undefined;
  const { transform } = run.options;
  if (transform === undefined) return move(run, key, header, header, key);
  let unreadable: unknown;
  const load = async () => {
    try {
      return await storedValue(run, header);
    } catch (error) {
      unreadable = error;
      throw error;
    }
  };
  try {
    const item = await itemOf(run.source.session, structuredClone(header), run.source.prefix);
    const changed = await callersOwn(transform, item, load);
    return changed === null ? undefined : await transformed(run, key, header, checkTransformed(changed));
  } catch (error) {
    // What cannot be read is this item's failure, also when it came out through the caller's function.
    if (error instanceof CallerError && unreadable !== undefined && error.error === unreadable) throw unreadable;
    throw error;
  }
}

/** As `moveOf`, where there is neither a filter nor a transform. */
export function plainMove(run: Run, header: RecordHeader): Move {
  const key = run.relative(header.key);
  return move(run, key, header, header, key);
}

async function isChosen(run: Run, header: RecordHeader): Promise<boolean> {
  const { filter } = run.options;
  if (filter === undefined) return true;
  const item = await itemOf(run.source.session, structuredClone(header), run.source.prefix);
  const answer: unknown = await callersOwn(filter, item);
  if (typeof answer !== "boolean")
    throw new CallerError(unlike("filter returns true or false, or a promise of it", answer));
  return answer;
}

function checkTransformed(changed: unknown): TransformedItem {
  try {
    rejectUnknown("property", changed, PROPERTIES, "what transform returns");
    return changed as TransformedItem;
  } catch (error) {
    throw new CallerError(error);
  }
}

async function transformed(run: Run, key: string, header: RecordHeader, changed: TransformedItem): Promise<Move> {
  const { key: newKey = key, data, format, compress, ...rest } = changed;
  if (Object.values(changed).every((value) => value === undefined)) return move(run, key, header, header, key);
  const named = checkUpdateOptions({ ...rest, format, compress });
  checkKey(newKey);
  const head = {
    ...header,
    tags: named.tags ?? header.tags,
    metadata: named.metadata ?? header.metadata,
    expiration: named.expiration === undefined ? header.expiration : named.expiration,
  };
  const reencoded = data !== undefined || (format ?? header.format) !== header.format || compress !== undefined;
  if (!reencoded) {
    const hidden = isSealed(header) && (named.tags ?? named.metadata) !== undefined;
    if (!hidden) return move(run, key, header, head, newKey);
    return { ...move(run, key, header, head, newKey), remade: await remadeOf(run, header, named, undefined) };
  }
  const value = data !== undefined ? data : await storedValue(run, header);
  const encoding = {
    // Another kind of value chooses its own format, as it does when it is saved.
    format: format ?? (isOfFormat(value, header.format) ? header.format : undefined),
    compress: compress ?? header.compression !== null,
    json: run.destination.session.settings.json,
  };
  if (header.encryption !== undefined) {
    const remade = await remadeOf(run, header, named, await packValue(value, encoding));
    const { packed, ...facts } = remade.value;
    return { ...move(run, key, header, { ...head, ...facts, storedSize: sealedSize(packed.length) }, newKey), remade };
  }
  return encodedMove(run, key, header, head, newKey, value, encoding);
}

/** What an encrypted item becomes; tags and metadata are shown. Throws KEY_MISSING, DECRYPT_FAILED where they cannot be. */
async function remadeOf<Value extends Remade["value"]>(
  { source, destination }: Run,
  header: RecordHeader,
  named: Pick<CheckedSave, "tags" | "metadata">,
  value: Value,
): Promise<Remade & { value: Value }> {
  const shown = isSealed(header) ? await readerOf(destination.session, source.session, header).reveal(header) : header;
  return { tags: named.tags ?? shown.tags, metadata: named.metadata ?? shown.metadata, value };
}

async function encodedMove(
  run: Run,
  key: string,
  header: RecordHeader,
  head: RecordHeader,
  newKey: string,
  value: unknown,
  encoding: EncodingOptions,
): Promise<Move> {
  const encoded = await encodeValue(value, encoding);
  const { body: _body, chunkHashes: _hashes, ...facts } = encoded;
  const { indexed } = header;
  const fields = indexed && { fields: fieldsFrom(value, indexed) };
  return { ...move(run, key, header, { ...head, ...facts, ...fields }, newKey), encoded };
}

function isOfFormat(value: unknown, format: RecordHeader["format"]): boolean {
  return (format === "binary") === value instanceof Uint8Array;
}

function move(run: Run, key: string, header: RecordHeader, head: RecordHeader, newKey: string): Move {
  const { destination } = run;
  const target = checkKey(destination.prefix + newKey);
  const { adapter } = destination.session;
  const expected = { ...head, key: target };
  const most = largestBody(adapter);
  // Encrypted for the first time on its way, where nothing plain may go in.
  const isSealedNow = header.encryption === undefined && mustReseal(destination.session, header, expected, {});
  const size = isSealedNow ? sealedSize(head.storedSize) : head.storedSize;
  if (size > most) {
    // Not QUOTA_EXCEEDED, which ends a migration: the others may fit.
    throw new StorageError(
      "UNSUPPORTED",
      `${adapter.name} holds values of up to ${most} bytes, and this one has ${size}`,
    );
  }
  const isTransformed = head !== header || newKey !== key;
  return { key, header, expected, encoded: undefined, remade: undefined, transformed: isTransformed };
}

async function storedValue(run: Run, header: RecordHeader): Promise<unknown> {
  const { session } = run.source;
  const record = await readRecord(session, run.operation, { key: header.key, version: undefined });
  if (record === undefined) {
    throw new StorageError("NOT_FOUND", "it is gone from the source", { key: run.relative(header.key) });
  }
  return readValue(session, record);
}
