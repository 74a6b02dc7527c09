import { decodeValue } from "../codec/decode-value.js";
import { type EncodedValue, encodeValue } from "../codec/encode-value.js";
import { indexedFields } from "../collections/indexed-fields.js";
import type { TransformedItem } from "../contract/migration.js";
import { checkUpdateOptions, rejectUnknown } from "../engine/arguments.js";
import { CallerError, callersOwn } from "../engine/failure.js";
import { toItem } from "../engine/items.js";
import { readRecord } from "../engine/read-version.js";
import { StorageError } from "../errors.js";
import { unlike } from "../invalid-option.js";
import { checkKey } from "../keys.js";
import { parsePath } from "../query/metadata-path.js";
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
  /** The bytes, where a transform made others. */
  readonly encoded: EncodedValue | undefined;
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
    const item = toItem(structuredClone(header), run.source.prefix);
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
  const answer: unknown = await callersOwn(filter, toItem(structuredClone(header), run.source.prefix));
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
  if (!reencoded) return move(run, key, header, head, newKey);
  const value = data !== undefined ? data : await storedValue(run, header);
  const encoded = await encodeValue(value, {
    // Another kind of value chooses its own format, as it does when it is saved.
    format: format ?? (isOfFormat(value, header.format) ? header.format : undefined),
    compress: compress ?? header.compression !== null,
    json: run.destination.session.settings.json,
  });
  const { body: _body, chunkHashes: _hashes, ...facts } = encoded;
  const { indexed } = header;
  const fields =
    indexed === undefined
      ? {}
      : {
          fields: indexedFields(
            value,
            indexed.map((text) => ({ text, names: parsePath(text) })),
          ),
        };
  return { ...move(run, key, header, { ...head, ...facts, ...fields }, newKey), encoded };
}

function isOfFormat(value: unknown, format: RecordHeader["format"]): boolean {
  return (format === "binary") === value instanceof Uint8Array;
}

function move(run: Run, key: string, header: RecordHeader, head: RecordHeader, newKey: string): Move {
  const { destination } = run;
  const target = checkKey(destination.prefix + newKey);
  const limits = destination.session.adapter.capabilities.limits;
  const streams = destination.session.adapter.writeStream !== undefined;
  const most = streams ? limits.body : Math.min(limits.body, limits.bufferedBody);
  if (head.storedSize > most) {
    const { name } = destination.session.adapter;
    throw new StorageError(
      "UNSUPPORTED",
      `${name} holds values of up to ${most} bytes, and this one has ${head.storedSize}`,
    );
  }
  const isTransformed = head !== header || newKey !== key;
  return { key, header, expected: { ...head, key: target }, encoded: undefined, transformed: isTransformed };
}

async function storedValue(run: Run, header: RecordHeader): Promise<unknown> {
  const { session } = run.source;
  const record = await readRecord(session, run.operation, { key: header.key, version: undefined });
  if (record === undefined) {
    throw new StorageError("NOT_FOUND", "it is gone from the source", { key: run.relative(header.key) });
  }
  return decodeValue(record.header, record.body);
}
