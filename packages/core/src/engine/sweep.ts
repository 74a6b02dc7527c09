import { BEFORE_ALL_TIME, isLive, type RecordHeader } from "../spi/index.js";
import type { Operation } from "./failure.js";
import { headersBelow } from "./scan.js";
import type { Session } from "./session.js";

/**
 * Deletes what has expired, each with the version that was seen: a fresh rewrite of the key is never touched. Then drops the
 * kept versions that history need not keep. Resolves to how many items had expired.
 */
export async function sweepExpired(session: Session, operation: Operation, prefix: string): Promise<number> {
  const now = session.now();
  let swept = 0;
  const range = { prefix, after: undefined, limit: Number.MAX_SAFE_INTEGER };
  for await (const page of headersBelow(session, operation, range, BEFORE_ALL_TIME)) {
    for (const header of page) {
      if (!isLive(header, now) && (await sweepRecord(session, operation, header))) swept++;
    }
  }
  const { history } = session.adapter;
  const { signal } = operation;
  // After the items: what has just gone takes its previous versions along.
  if (history !== undefined) await session.ask(operation, () => history.sweep(prefix, { now, signal }));
  return swept;
}

/** Deletes an expired record with the version that was seen. False where somebody else was faster. */
export async function sweepRecord(session: Session, operation: Operation, header: RecordHeader): Promise<boolean> {
  session.versions.observe(header.version);
  const condition = { version: session.versions.next(), expect: header.version, now: BEFORE_ALL_TIME };
  const { signal } = operation;
  const outcome = await session.ask(operation, () => session.adapter.delete(header.key, condition, { signal }));
  // An earlier try of ours may have left that tombstone although it seemed to fail.
  return outcome.outcome === "deleted" || (outcome.outcome === "absent" && outcome.tombstone === condition.version);
}
