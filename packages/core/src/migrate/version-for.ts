import type { Session } from "../engine/session.js";
import type { Version } from "../spi/index.js";
import { isVersion, MAX_DRIFT, versionTime } from "../versions.js";

/**
 * The version that a record gets in the destination. `keeps`: it is unchanged, and nothing stands there but its own earlier versions.
 * Where a tombstone does, its version decides: one below shows that this version was never there; one above makes the adapter
 * answer `stale`, and a new version is taken.
 */
export function versionFor(session: Session, version: Version, keeps: boolean): Version {
  if (!keeps || !isVersion(version)) return session.versions.next();
  // A version from a clock gone wild would stand above every write to come.
  if (versionTime(version) > session.now() + MAX_DRIFT) return session.versions.next();
  session.versions.observe(version);
  return version;
}
