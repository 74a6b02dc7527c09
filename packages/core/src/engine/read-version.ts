import { chain } from "../awaitable.js";
import { decodeValue } from "../codec/decode-value.js";
import { StorageError } from "../errors.js";
import type { Awaitable, History, StorageAdapter, StoredRecord, StoredStream, Version } from "../spi/index.js";
import type { Operation } from "./failure.js";
import { checkSubject } from "./items.js";
import type { Session } from "./session.js";
import { countBytes } from "./tally.js";

/** One version of a key: a named one, standing or kept, or else the one that stands. */
export interface Wanted {
  readonly key: string;
  readonly version: Version | undefined;
}

/** Header and body as they are stored, not verified yet. Throws UNSUPPORTED for a named version where none are kept. */
export function readRecord(
  session: Session,
  operation: Operation,
  wanted: Wanted,
): Awaitable<StoredRecord | undefined> {
  return chain(session.ask(operation, wholeReader(session, operation, wanted)), (record) => {
    if (record === undefined) return undefined;
    countBytes(operation, record.body.length);
    checkSubject(record.header, wanted.key, wanted.version);
    return record;
  });
}

/** The value of a record, decrypted where it is encrypted. Throws CORRUPT, KEY_MISSING, DECRYPT_FAILED. */
export function readValue({ vault }: Session, record: StoredRecord): Awaitable<unknown> {
  const { header, body } = record;
  const isPlain = header.encryption === undefined && !vault?.required;
  return isPlain || vault === undefined ? decodeValue(header, body) : vault.value(record);
}

/** As `readRecord`, in flat memory. Undefined where the adapter reads this version only whole. Whoever calls it checks the subject. */
export function streamReader(
  session: Session,
  operation: Operation,
  { key, version }: Wanted,
): (() => Awaitable<StoredStream | undefined>) | undefined {
  const { adapter } = session;
  const { signal } = operation;
  const reading = () => ({ now: session.now(), signal });
  if (version === undefined) {
    const read = adapter.readStream?.bind(adapter);
    return read && (() => session.ask(operation, () => read(key, reading())));
  }
  const history = historyOf(adapter);
  const read = history.readStream?.bind(history);
  return read && (() => session.ask(operation, () => read(key, version, reading())));
}

/** Throws UNSUPPORTED where no versions are kept. */
export function historyOf({ name, history }: StorageAdapter): History {
  if (history === undefined) {
    throw new StorageError("UNSUPPORTED", `${name} keeps no previous versions: ask getCapabilities() before`);
  }
  return history;
}

function wholeReader(
  session: Session,
  { signal }: Operation,
  { key, version }: Wanted,
): () => Awaitable<StoredRecord | undefined> {
  const { adapter } = session;
  const reading = () => ({ now: session.now(), signal });
  if (version === undefined) return () => adapter.get(key, reading());
  const history = historyOf(adapter);
  return () => history.get(key, version, reading());
}
