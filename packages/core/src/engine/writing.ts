import { encodeValue } from "../codec/encode-value.js";
import type { DeleteOptions } from "../contract/options.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { deleteRecord } from "./delete-record.js";
import type { Operation } from "./failure.js";
import type { Session } from "./session.js";
import { sealValue, vaultFor } from "./vault-for.js";
import { type CheckedSave, checkDeleteOptions } from "./write-options.js";
import { writeSealed, writeValue } from "./write-record.js";

// All that writes, and all that has to take what a caller passed before anything can be waited for. It is loaded while a store
// opens: nobody can write before, and afterwards nobody waits for it.

export { openCollection } from "../collections/open-collection.js";
export { runBatch } from "./batch.js";
export { checkRestoreOptions, checkSaveOptions, checkUpdateOptions } from "./write-options.js";
export { WriteTurns } from "./write-turns.js";

/** Encodes a value, encrypts it where it is to be, and puts it in its turn. Throws CONFLICT, and what the options forbid. */
export function saveValue(
  session: Session,
  operation: Operation,
  path: string,
  data: unknown,
  options: CheckedSave,
): Awaitable<RecordHeader> {
  const { settings, versions, writes } = session;
  const { format, compress = settings.compress, metadata = {}, expiration = null, tags = [], expect } = options;
  const how = { format, compress, json: settings.json };
  const vault = vaultFor(session, options.encrypt);
  const draft = { key: path, tags, metadata, expiration, sealed: options.sealed, version: versions.next() };
  if (vault !== undefined) {
    const sealing = sealValue(session, vault, draft, data, how);
    return writes.turn([path], sealing, (sealed, turn) => writeSealed(session, operation, sealed, expect, turn));
  }
  const encoding = encodeValue(data, how);
  return writes.turn([path], encoding, (encoded, turn) =>
    writeValue(session, operation, { ...draft, encoded }, expect, turn),
  );
}

/** Whether there was something to delete. Throws CONFLICT. */
export function deleteItem(
  session: Session,
  operation: Operation,
  path: string,
  options: DeleteOptions | undefined,
): Awaitable<boolean> {
  const { expect } = checkDeleteOptions(options);
  const version = session.versions.next();
  return session.writes.turn([path], undefined, (_, turn) =>
    deleteRecord(session, operation, path, expect, version, turn),
  );
}
