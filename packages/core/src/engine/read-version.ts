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
  { key, version }: Wanted,
): Awaitable<StoredRecord | undefined> {
  const { adapter } = session;
  const { signal } = operation;
  const history = version === undefined ? undefined : historyOf(adapter);
  const answer = session.ask(operation, () => {
    const reading = { now: session.now(), signal };
    return history === undefined || version === undefined
      ? adapter.get(key, reading)
      : history.get(key, version, reading);
  });
  return chain(answer, (record) => {
    if (record === undefined) return undefined;
    countBytes(operation, record.body.length);
    checkSubject(record.header, key, version);
    return record;
  });
}

/** The value of a record, decrypted where it is encrypted. Throws CORRUPT, KEY_MISSING, DECRYPT_FAILED. */
export function readValue({ vault }: Session, record: StoredRecord): Awaitable<unknown> {
  const { header, body } = record;
  return header.encryption === undefined || vault === undefined ? decodeValue(header, body) : vault.value(record);
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
    if (adapter.readStream === undefined) return undefined;
    return () => session.ask(operation, () => adapter.readStream?.(key, reading()));
  }
  const history = historyOf(adapter);
  if (history.readStream === undefined) return undefined;
  return () => session.ask(operation, () => history.readStream?.(key, version, reading()));
}

/** Throws UNSUPPORTED where no versions are kept. */
export function historyOf({ name, history }: StorageAdapter): History {
  if (history === undefined) throw new StorageError("UNSUPPORTED", `${name} keeps no previous versions`);
  return history;
}
