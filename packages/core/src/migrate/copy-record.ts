import type { Operation } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import type { Session } from "../engine/session.js";
import { openSource, writeSource } from "../engine/stored-source.js";
import type { Expectation, RecordHeader, Version } from "../spi/index.js";
import { isVersion, MAX_DRIFT, versionTime } from "../versions.js";

/**
 * Writes a source item into the destination, its stored bytes as they are. `over` is what the destination holds there
 * now. False when the item is gone from the source.
 */
export async function copyRecord(
  { session: from, prefix }: Internals,
  { session: into, prefix: root }: Internals,
  { key, storedSize }: RecordHeader,
  over: RecordHeader | undefined,
  operation: Operation,
  { reencrypt = false }: { reencrypt?: boolean } = {},
): Promise<boolean> {
  const source = await openSource(from, operation, { key, version: undefined, storedSize }, into);
  if (source === undefined) return false;
  const expect = over?.version ?? "absent";
  const target = root + key.slice(prefix.length);
  const moved = (header: RecordHeader) => ({
    ...header,
    key: target,
    version: versionFor(into, header.version, expect),
  });
  await writeSource(into, operation, source, moved, expect, { reencrypt });
  return true;
}

/**
 * The version goes along only into a key where nothing stands. Where a tombstone does, its version decides: one below
 * shows that this version was never there; one above makes the adapter answer `stale`, and a new version is taken.
 */
function versionFor(session: Session, version: Version, expect: Expectation): Version {
  if (expect !== "absent" || !isVersion(version)) return session.versions.next();
  // A version from a clock gone wild would stand above every write to come.
  if (versionTime(version) > session.now() + MAX_DRIFT) return session.versions.next();
  session.versions.observe(version);
  return version;
}
