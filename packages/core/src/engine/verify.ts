import { verifyBytes } from "../codec/decode-value.js";
import type { Problem, RepairReport, VerifyReport } from "../contract/reports.js";
import { type ErrorCode, StorageError } from "../errors.js";
import { isBelow } from "../keys.js";
import type { RecordHeader } from "../spi/index.js";
import { requireFunction } from "./arguments.js";
import { type Operation, toStorageError } from "./failure.js";
import { checkSubject } from "./items.js";
import { type ProgressListener, ProgressMeter } from "./progress-meter.js";
import { readValue } from "./read-version.js";
import { readableHeaders } from "./readable-headers.js";
import type { Session } from "./session.js";
import { sizeOf } from "./size-of.js";
import { readThrough } from "./streams.js";
import { countBytes } from "./tally.js";

/** What is wrong with one item, not with the work as a whole. */
const DAMAGE: readonly ErrorCode[] = ["CORRUPT", "DECRYPT_FAILED", "KEY_MISSING"];

/**
 * Reads every item below `root + prefix` back and asks the adapter about its own structures: of what it finds, what concerns these
 * items or the store as a whole.
 */
export async function verifyStore(
  session: Session,
  operation: Operation,
  root: string,
  prefix: string,
  progress: ProgressListener | undefined,
): Promise<VerifyReport> {
  if (progress !== undefined) requireFunction("progress", progress);
  const found = await session.ask(
    operation,
    () => session.adapter.maintain?.check?.({ signal: operation.signal }) ?? [],
  );
  const problems = concerning(found, root, prefix);
  const headers = (met: (key: string, error: StorageError) => void) =>
    readableHeaders(session, operation, root + prefix, met);
  const total = progress && (await sizeOf(headers(() => undefined)));
  const meter = new ProgressMeter("verify", session.ports.clock, progress, total?.items, total);
  const told = new Set(problems.map(({ key }) => key));
  const unreadable = (key: string, { code, message }: StorageError) => {
    const problem = relative({ key, code, message, repairable: false }, root);
    if (!told.has(problem.key)) problems.push(problem);
  };
  for await (const page of headers(unreadable)) {
    for (const header of page) {
      const problem = await problemOf(session, operation, root, header);
      if (problem !== undefined) problems.push(relative(problem, root));
      meter.add(1, header.storedSize);
    }
  }
  await meter.end();
  return { ok: problems.length === 0, items: meter.items, bytes: meter.bytes, problems };
}

export async function repairStore(session: Session, operation: Operation, root: string): Promise<RepairReport> {
  const { maintain } = session.adapter;
  const mended = await session.ask(
    operation,
    () => maintain?.repair?.({ signal: operation.signal }) ?? { repaired: [], remaining: [] },
  );
  const { problems } = await verifyStore(session, operation, root, "", undefined);
  return { repaired: concerning(mended.repaired, root), remaining: problems };
}

async function problemOf(
  session: Session,
  operation: Operation,
  root: string,
  { key, version, encryption }: RecordHeader,
): Promise<Problem | undefined> {
  const { adapter } = session;
  const { signal } = operation;
  try {
    // A value too large to hold is checked chunk by chunk; a smaller one is decoded as well. Without any keys, what is
    // encrypted is compared with its checksum.
    const { bufferedBody } = adapter.capabilities.limits;
    const header = await session.ask(operation, () => adapter.stat(key, { now: session.now(), signal }));
    if (header === undefined) return undefined;
    if (header.storedSize > bufferedBody) {
      await readThrough(session, operation, { key, version: undefined });
      return undefined;
    }
    const record = await session.ask(operation, () => adapter.get(key, { now: session.now(), signal }));
    if (record === undefined) return undefined;
    countBytes(operation, record.body.length);
    checkSubject(record.header, key);
    if (record.header.encryption !== undefined && session.vault === undefined)
      await verifyBytes(record.header, record.body);
    else await readValue(session, record);
    return undefined;
  } catch (error) {
    const failure = toStorageError(error, operation, adapter);
    const isForeign = failure.code === "UNSUPPORTED" && encryption !== undefined;
    if (!isForeign && !DAMAGE.includes(failure.code)) {
      throw new StorageError(failure.code, failure.message, { cause: error, key: key.slice(root.length) });
    }
    return { key, code: failure.code, message: `version ${version}: ${failure.message}`, repairable: false };
  }
}

/** Those of items below `root + prefix`, keys as the namespace has them, and those of the store as a whole. */
function concerning(problems: readonly Problem[], root: string, prefix = ""): Problem[] {
  const below = root + prefix;
  return problems
    .filter(({ key }) => key === undefined || isBelow(key, below))
    .map((problem) => relative(problem, root));
}

function relative(problem: Problem, root: string): Problem {
  return problem.key === undefined ? problem : { ...problem, key: problem.key.slice(root.length) };
}
