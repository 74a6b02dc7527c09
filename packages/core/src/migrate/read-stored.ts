import type { Internals } from "../engine/internals.js";
import type { Wanted } from "../engine/read-version.js";
import { openSource, type StoredSource } from "../engine/stored-source.js";
import type { RecordHeader } from "../spi/index.js";
import type { Run } from "./run.js";

/** Opens a stored record for `writeSource` into another store, at the speed that is allowed. Throws CORRUPT. */
export async function readStored(
  { operation, throttle }: Run,
  { session }: Internals,
  wanted: Wanted & Pick<RecordHeader, "storedSize">,
  into: Internals,
): Promise<StoredSource | undefined> {
  const stored = await openSource(session, operation, wanted, into.session);
  if (stored?.kind === "stream") {
    const { stream } = stored;
    return { kind: "stream", stream: { ...stream, body: throttle.slow(stream.body) } };
  }
  if (stored !== undefined) await throttle.pass(stored.record.body.length);
  return stored;
}

export function headerOf(stored: StoredSource): RecordHeader {
  return stored.kind === "stream" ? stored.stream.header : stored.record.header;
}

/** Lets go of a record that is not written after all. */
export async function discard(stored: StoredSource): Promise<void> {
  if (stored.kind === "stream") await stored.stream.body[Symbol.asyncIterator]().return?.();
}
