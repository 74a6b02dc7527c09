import type { StorageInfo } from "../contract/reports.js";
import type { AdapterInfo } from "../spi/index.js";
import type { Operation } from "./failure.js";
import { headersBelow } from "./scan.js";
import type { Session } from "./session.js";

/** What the adapter tells of its store, counted where it does not. */
export async function storageInfo(session: Session, operation: Operation): Promise<StorageInfo> {
  const { adapter } = session;
  const { signal } = operation;
  // First: what is written while the rest is asked for is behind it.
  const cursor = await session.ask(operation, () => adapter.lastCursor?.({ signal }));
  const reading = { now: session.now(), signal };
  const about = await session.ask(operation, () => adapter.info?.(reading) ?? countAll(session, operation));
  return { adapter: adapter.name, ...about, ...(cursor === undefined ? {} : { cursor }) };
}

async function countAll(session: Session, operation: Operation): Promise<AdapterInfo> {
  let items = 0;
  let bytes = 0;
  const range = { prefix: "", after: undefined, limit: Number.MAX_SAFE_INTEGER };
  for await (const page of headersBelow(session, operation, range)) {
    items += page.length;
    for (const header of page) bytes += header.storedSize;
  }
  return { items, bytes, details: {} };
}
