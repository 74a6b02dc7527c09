import type { Difference, PreviousVersion } from "../contract/history.js";
import { diffValues } from "../diff-values.js";
import { StorageError } from "../errors.js";
import type { Expectation, PreviousRecord, RecordHeader, Version } from "../spi/index.js";
import { isVersion } from "../versions.js";
import type { Operation } from "./failure.js";
import { checkSubject, itemsOf } from "./items.js";
import { historyOf, readRecord, readValue } from "./read-version.js";
import type { Session } from "./session.js";
import { openSource, type StoredSource, writable, writeSource } from "./stored-source.js";
import { writeWhole } from "./write-record.js";
import type { Turn } from "./write-turns.js";

/** The kept versions of a key, newest first. */
export async function listVersions(
  session: Session,
  operation: Operation,
  key: string,
  prefix: string,
): Promise<PreviousVersion[]> {
  const kept = await keptRecords(session, operation, key);
  const items = await itemsOf(
    session,
    kept.map(({ header }) => header),
    prefix,
  );
  return items.map((item, at) => ({ ...item, replaced: new Date(kept[at]?.replaced ?? Number.NaN) }));
}

/** Reads a version; what comes back writes its content as `fresh`, a new one. Throws NOT_FOUND when it is not kept. */
export async function prepareRestore(
  session: Session,
  operation: Operation,
  key: string,
  version: Version,
  fresh: Version,
): Promise<(expect: Expectation, turn: Turn) => Promise<RecordHeader>> {
  const source = await sourceOf(session, operation, key, version);
  // The adapter keeps `created` of what stands, where something does.
  const anew = (header: RecordHeader) => ({ ...header, version: fresh, modified: session.now() });
  if (source.kind === "whole") {
    const { record, body } = await writable(session, source, anew(source.record.header));
    return async (expect, turn) => writeWhole(session, operation, record, body, expect, turn);
  }
  return (expect) => writeSource(session, operation, source, anew, expect);
}

/** Where the values of two versions differ; undefined: the one that stands. */
export async function diffVersions(
  session: Session,
  operation: Operation,
  key: string,
  from: Version,
  to: Version | undefined,
): Promise<Difference[]> {
  const before = await valueAt(session, operation, key, from);
  return diffValues(before, await valueAt(session, operation, key, to));
}

async function keptRecords(session: Session, operation: Operation, key: string): Promise<PreviousRecord[]> {
  const history = historyOf(session.adapter);
  const { signal } = operation;
  const kept = await session.ask(operation, () => history.list(key, { now: session.now(), signal }));
  for (const { header } of kept) checkSubject(header, key);
  return kept;
}

async function sourceOf(session: Session, operation: Operation, key: string, version: Version): Promise<StoredSource> {
  const { adapter } = session;
  const { signal } = operation;
  const header =
    (await keptRecords(session, operation, key)).find((kept) => kept.header.version === version)?.header ??
    (await session.ask(operation, () => adapter.stat(key, { now: session.now(), signal })));
  const wanted = header?.version === version ? { key, version, storedSize: header.storedSize } : undefined;
  const source = wanted && (await openSource(session, operation, wanted, session));
  if (source === undefined) throw notKept(operation.key, version);
  return source;
}

async function valueAt(
  session: Session,
  operation: Operation,
  key: string,
  version: Version | undefined,
): Promise<unknown> {
  const record = await readRecord(session, operation, { key, version });
  if (record === undefined) throw notKept(operation.key, version);
  if (record.header.format === "binary") {
    throw new StorageError(
      "UNSUPPORTED",
      `version ${record.header.version} is binary, and only json and yaml values are compared: load both and compare their bytes`,
    );
  }
  return readValue(session, record);
}

function notKept(key: string | undefined, version: Version | undefined): StorageError {
  const shown = JSON.stringify(key);
  return new StorageError(
    "NOT_FOUND",
    version === undefined
      ? `nothing stands under ${shown} to compare with: name a second version`
      : `${shown} has no ${isVersion(version) ? `version "${version}"` : "such version"}: history() lists those that are kept`,
  );
}
