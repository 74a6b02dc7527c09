import { chain } from "../awaitable.js";
import type { Internals } from "../engine/internals.js";
import type { Wanted } from "../engine/read-version.js";
import { openSource, type StoredSource } from "../engine/stored-source.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import type { Run } from "./run.js";

/** Opens a stored record for `writeSource` into another store, at the speed that is allowed. Throws CORRUPT. */
export function readStored(
  { operation, throttle }: Run,
  { session }: Internals,
  wanted: Wanted & Pick<RecordHeader, "storedSize">,
  into: Internals,
): Awaitable<StoredSource | undefined> {
  return chain(openSource(session, operation, wanted, into.session), (stored) => {
    if (stored === undefined) return undefined;
    if (stored.kind === "whole") return chain(throttle.pass(stored.record.body.length), () => stored);
    const { stream } = stored;
    return { kind: "stream", stream: { ...stream, body: throttle.slow(stream.body) } };
  });
}

export function headerOf(stored: StoredSource): RecordHeader {
  return stored.kind === "stream" ? stored.stream.header : stored.record.header;
}

/** Lets go of a record that is not written after all. */
export async function discard(stored: StoredSource): Promise<void> {
  if (stored.kind === "stream") await stored.stream.body[Symbol.asyncIterator]().return?.();
}
