import { chain, isPromise } from "../awaitable.js";
import { isBytes } from "../codec/binary.js";
import { encodeValue } from "../codec/encode-value.js";
import type { Format } from "../contract/storage-item.js";
import type { CollectionMarks } from "../engine/draft.js";
import type { Operation } from "../engine/failure.js";
import { isSealed, revealed } from "../engine/items.js";
import { untilAborted } from "../engine/until-aborted.js";
import { sealValue, vaultFor } from "../engine/vault-for.js";
import type { CheckedSave } from "../engine/write-options.js";
import { writeSealed, writeValue } from "../engine/write-record.js";
import type { Turn } from "../engine/write-turns.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { acceptStorable } from "./accept.js";
import type { Definition } from "./definition.js";
import { indexedFields } from "./indexed-fields.js";
import { quoteId, type Scope } from "./scope.js";
import type { StorableVerdict } from "./verdict.js";

/** Writes data that the schema has judged, or is still judging. Throws SCHEMA, CONFLICT and what else a save throws. */
export async function writeJudged(
  scope: Scope,
  operation: Operation,
  path: string,
  verdict: Awaitable<StorableVerdict>,
  options: CheckedSave,
): Promise<RecordHeader> {
  return write(
    scope,
    operation,
    path,
    chain(verdict, (judged) => acceptSaved(scope, path, judged)),
    options,
  );
}

/** Writes an item anew as the code writes it, if it still has this version. What does not concern its data stays, `modified` included. */
export async function rewrite(
  scope: Scope,
  operation: Operation,
  header: RecordHeader,
  data: unknown,
): Promise<RecordHeader> {
  const { expiration, tags, metadata, modified } = await revealed(scope.internals.session, header);
  return write(
    scope,
    operation,
    header.key,
    data,
    {
      format: formatThatHolds(header.format, data),
      compress: header.compression !== null,
      encrypt: header.encryption !== undefined,
      metadata: metadata as CheckedSave["metadata"],
      expiration,
      tags: [...tags],
      expect: header.version,
      sealed: isSealed(header),
    },
    { modified },
  );
}

/** The format that an item had, where it holds its new data: bytes may have become something else, or the other way. */
export function formatThatHolds(format: Format, data: unknown): Format | undefined {
  return isBytes(data) === (format === "binary") ? format : undefined;
}

export function acceptSaved(scope: Scope, path: string, verdict: StorableVerdict): unknown {
  return acceptStorable(verdict, `${scope.definition.name}: the data of ${quoteId(scope, path)}`);
}

export function marksOf({ name, version, index, indexed }: Definition, data: unknown): CollectionMarks {
  const schema = `${name}@${version.text}`;
  return index.length === 0 ? { schema } : { schema, indexed, fields: indexedFields(data, index) };
}

/** Writes what the schema accepts. Throws CONFLICT and what else a save throws. */
export async function write(
  { internals, definition }: Scope,
  operation: Operation,
  path: string,
  accepted: Awaitable<unknown>,
  { format, compress, encrypt, metadata = {}, expiration = null, tags = [], expect, sealed }: CheckedSave,
  more: { modified?: number } = {},
): Promise<RecordHeader> {
  const { session } = internals;
  const { compress: byDefault, json } = session.settings;
  const how = { format, compress: compress ?? byDefault, json };
  const draft = { key: path, tags, metadata, expiration, sealed, version: session.versions.next(), ...more };
  const vault = vaultFor(session, encrypt);
  const prepared = chain(accepted, (data): Awaitable<(turn: Turn) => Awaitable<RecordHeader>> => {
    const marks = marksOf(definition, data);
    if (vault !== undefined) {
      return chain(
        sealValue(session, vault, { ...draft, marks }, data, how),
        (value) => (turn) => writeSealed(session, operation, value, expect, turn),
      );
    }
    return chain(
      encodeValue(data, how),
      (encoded) => (turn) => writeValue(session, operation, { ...draft, encoded, marks }, expect, turn),
    );
  });
  // A schema may keep it waiting for ever: whoever gives up makes way for the next write of the key.
  const ready = isPromise(prepared) ? untilAborted(prepared, operation.signal) : prepared;
  return session.writes.turn([path], ready, (put, turn) => put(turn));
}
