import { encodeValue } from "../codec/encode-value.js";
import type { BatchOperation } from "../contract/options.js";
import type { StorageItem } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";
import { unlike } from "../invalid-option.js";
import { checkKey } from "../keys.js";
import type { AdapterWrite, Awaitable, BatchOutcome } from "../spi/index.js";
import { rejectUnknown } from "./arguments.js";
import type { CollectionMarks } from "./draft.js";
import { type Operation, toStorageError } from "./failure.js";
import { itemOf } from "./items.js";
import type { Session } from "./session.js";
import { countBytes } from "./tally.js";
import { untilAborted } from "./until-aborted.js";
import { sealValue, vaultFor } from "./vault-for.js";
import { checkDeleteOptions, checkSaveOptions } from "./write-options.js";
import { above, checkRoom, conflictError, signed, versioned } from "./write-record.js";

/** What a collection writes in place of the data that was given. */
export interface BatchContent {
  readonly data: unknown;
  readonly marks: CollectionMarks;
}

/** Checks and encodes everything, then writes all or nothing. What is wrong with one operation names its key. */
export async function runBatch(
  session: Session,
  operation: Operation,
  prefix: string,
  operations: readonly BatchOperation[],
  contentOf?: (index: number) => Awaitable<BatchContent>,
): Promise<(StorageItem | boolean)[]> {
  const { adapter } = session;
  const { signal } = operation;
  const batch = adapter.batch?.bind(adapter);
  if (batch === undefined || adapter.capabilities.batch !== "atomic") {
    throw new StorageError("UNSUPPORTED", `${adapter.name} cannot write several keys as one; save them one by one`);
  }
  const keys = checkedKeys(operations, prefix, (error, key) => toStorageError(error, { ...operation, key }, adapter));
  if (keys.length === 0) return [];
  const prepared = Promise.all(
    operations.map((each, index) =>
      prepare(session, each, keys[index] ?? "", contentOf && (() => contentOf(index))).catch((error: unknown) => {
        throw toStorageError(error, { ...operation, key: each.key }, adapter);
      }),
    ),
  );
  // The schema of a collection may keep it waiting for ever: whoever gives up makes way for the next write of these keys.
  return session.writes.turn(keys, untilAborted(prepared, signal), async (first) => {
    let writes = first;
    for (const write of writes) if (write.type === "put") countBytes(operation, write.record.body.length);
    for (;;) {
      session.checkWanted(operation);
      // Not repeated after a failure: part of what a batch answers cannot be told from its own effect.
      const outcome: BatchOutcome = await batch(writes, { now: session.now(), signal });
      if (outcome.outcome === "applied") {
        return Promise.all(
          outcome.results.map((result) =>
            result.outcome === "written" ? itemOf(session, result.header, prefix) : result.outcome === "deleted",
          ),
        );
      }
      const { index, reason } = outcome;
      if (reason.outcome === "conflict") throw conflictError(operations[index]?.key, reason);
      const version = above(session, reason.floor);
      writes = await Promise.all(
        writes.map((write, at) => (at === index ? withVersion(session, write, version) : write)),
      );
    }
  });
}

function checkedKeys(
  operations: unknown,
  prefix: string,
  refused: (error: unknown, key: string) => StorageError,
): string[] {
  if (!Array.isArray(operations)) throw new StorageError("INVALID_OPTION", "a batch is an array of operations");
  const keys = operations.map((operation: unknown, index) => {
    const known = ["type", "key", "data", "options"];
    rejectUnknown("property", operation, known, `batch operation ${index}`);
    return prefix + checkKey((operation as BatchOperation).key);
  });
  const seen = new Set<string>();
  for (const key of keys) {
    const own = key.slice(prefix.length);
    try {
      checkKey(key);
    } catch (error) {
      throw refused(error, own);
    }
    if (seen.has(key)) {
      const shown = JSON.stringify(own);
      throw new StorageError("INVALID_OPTION", `the key ${shown} is in the batch twice; its order would be undecided`);
    }
    seen.add(key);
  }
  return keys;
}

async function prepare(
  session: Session,
  operation: BatchOperation,
  key: string,
  content: (() => Awaitable<BatchContent>) | undefined,
): Promise<AdapterWrite> {
  const version = session.versions.next();
  if (operation.type === "delete") {
    const { expect } = checkDeleteOptions(operation.options, ["signal"]);
    return { type: "delete", key, version, expect };
  }
  if (operation.type !== "save") {
    throw unlike(`a batch operation is of type "save" or "delete"`, (operation as { type?: unknown }).type);
  }
  const { settings } = session;
  const options = checkSaveOptions(operation.options, ["signal"]);
  const { format, compress = settings.compress, metadata = {}, expiration = null, tags = [], expect } = options;
  const { data, ...marked } = content === undefined ? { data: operation.data } : await content();
  const how = { format, compress, json: settings.json };
  const draft = { key, tags, metadata, expiration, version, ...marked };
  const vault = vaultFor(session, options.encrypt);
  if (vault !== undefined) {
    const { record, body } = await sealValue(session, vault, draft, data, how);
    checkRoom(session, body);
    return { type: "put", record: { ...record, body }, expect };
  }
  const encoded = await encodeValue(data, how);
  const { body } = encoded;
  checkRoom(session, body);
  return { type: "put", record: { ...versioned(session, { ...draft, encoded }), body }, expect };
}

async function withVersion(
  session: Session,
  write: AdapterWrite,
  version: ReturnType<typeof above>,
): Promise<AdapterWrite> {
  if (write.type === "delete") return { ...write, version };
  const header = await signed(session, { ...write.record.header, version });
  return { ...write, record: { ...write.record, header } };
}
