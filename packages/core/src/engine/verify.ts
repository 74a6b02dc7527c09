import { decodeValue } from "../codec/decode-value.js";
import type { Problem, RepairReport, VerifyReport } from "../contract/reports.js";
import { StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";
import { type Operation, toStorageError } from "./failure.js";
import { type ProgressListener, ProgressMeter } from "./progress-meter.js";
import { headersBelow } from "./scan.js";
import type { Session } from "./session.js";
import { readVerified } from "./streams.js";
import { countBytes } from "./tally.js";

/** Reads every item below `root + prefix` back and asks the adapter about its own structures. */
export async function verifyStore(
  session: Session,
  operation: Operation,
  root: string,
  prefix: string,
  onProgress: ProgressListener | undefined,
): Promise<VerifyReport> {
  const problems = await session.ask(
    operation,
    () => session.adapter.maintain?.check?.({ signal: operation.signal }) ?? [],
  );
  const meter = new ProgressMeter("verify", session.ports.clock, onProgress);
  const range = { prefix: root + prefix, after: undefined, limit: Number.MAX_SAFE_INTEGER };
  for await (const page of headersBelow(session, operation, range)) {
    for (const header of page) {
      const problem = await problemOf(session, operation, root, header);
      if (problem !== undefined) problems.push(problem);
      meter.add(1, header.storedSize);
    }
  }
  await meter.end();
  const shown = problems.map((problem) => relative(problem, root));
  return { ok: shown.length === 0, items: meter.items, bytes: meter.bytes, problems: shown };
}

export async function repairStore(session: Session, operation: Operation, root: string): Promise<RepairReport> {
  const { maintain } = session.adapter;
  const mended = await session.ask(
    operation,
    () => maintain?.repair?.({ signal: operation.signal }) ?? { repaired: [], remaining: [] },
  );
  const { problems } = await verifyStore(session, operation, root, "", undefined);
  return { repaired: mended.repaired.map((problem) => relative(problem, root)), remaining: problems };
}

async function problemOf(
  session: Session,
  operation: Operation,
  root: string,
  { key, version }: RecordHeader,
): Promise<Problem | undefined> {
  const { adapter } = session;
  const { signal } = operation;
  try {
    // A value too large to hold is checked chunk by chunk; a smaller one is decoded as well.
    const { bufferedBody } = adapter.capabilities.limits;
    const header = await session.ask(operation, () => adapter.stat(key, { now: session.now(), signal }));
    if (header === undefined) return undefined;
    if (header.storedSize > bufferedBody) {
      await readVerified(session, operation, key);
      return undefined;
    }
    const record = await session.ask(operation, () => adapter.get(key, { now: session.now(), signal }));
    if (record === undefined) return undefined;
    countBytes(operation, record.body.length);
    if (record.header.key !== key) {
      return { key, code: "CORRUPT", message: "the store answers with another key's item", repairable: false };
    }
    await decodeValue(record.header, record.body);
    return undefined;
  } catch (error) {
    const failure = toStorageError(error, operation, adapter);
    if (failure.code !== "CORRUPT") {
      throw new StorageError(failure.code, failure.message, { cause: error, key: key.slice(root.length) });
    }
    return { key, code: failure.code, message: `version ${version}: ${failure.message}`, repairable: false };
  }
}

function relative(problem: Problem, root: string): Problem {
  return problem.key?.startsWith(root) ? { ...problem, key: problem.key.slice(root.length) } : problem;
}
