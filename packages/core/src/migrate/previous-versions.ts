import { historyOf } from "../engine/read-version.js";
import { writeSource } from "../engine/stored-source.js";
import { readVerified } from "../engine/streams.js";
import { StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";
import type { Move } from "./moves.js";
import { readStored } from "./read-stored.js";
import type { Run } from "./run.js";
import { differences, sameContent } from "./same-content.js";
import { versionFor } from "./version-for.js";

/** The kept versions of a source item since it came into being, oldest first. */
export function keptVersions(run: Run, header: RecordHeader): Promise<RecordHeader[]> {
  return versionsSince(run, run.source, header);
}

export interface CopiedVersions {
  /** What stands in the destination now: `over` where there was nothing to write. */
  readonly standing: RecordHeader | undefined;
  /** The next version may keep its own version string. */
  readonly keeps: boolean;
}

/**
 * Writes the previous versions of an item into the destination, each over the one before, so that the destination keeps them. A run
 * that was cut off goes on behind the version that stands.
 */
export async function copyVersions(
  run: Run,
  move: Move,
  at: string,
  over: RecordHeader | undefined,
): Promise<CopiedVersions> {
  const { destination, operation } = run;
  const kept = await keptVersions(run, move.header);
  const arrived = kept.findIndex(
    (header) => over !== undefined && header.version === over.version && sameContent(header, over),
  );
  let standing = over;
  let keeps = over === undefined || arrived >= 0;
  for (const { key, version, storedSize } of kept.slice(arrived + 1)) {
    const stored = await readStored(run, run.source, { key, version, storedSize }, destination);
    // Dropped by the source's limits since it was listed.
    if (stored === undefined) continue;
    const own = versionFor(destination.session, version, keeps);
    const headerFor = (header: RecordHeader) => ({ ...header, key: at, version: own });
    standing = await writeSource(destination.session, operation, stored, headerFor, standing?.version ?? "absent");
    keeps &&= standing.version === version;
    run.state.report.bytes += storedSize;
  }
  return { standing, keeps };
}

/** Throws where the destination does not keep just what the source keeps; reads every body. */
export async function verifyVersions(run: Run, move: Move, found: RecordHeader): Promise<void> {
  const { source, destination, operation } = run;
  const expected = await versionsSince(run, source, move.header);
  const kept = await versionsSince(run, destination, found);
  for (const header of expected) {
    const same = kept.find((each) => sameContent(header, each));
    if (same === undefined) {
      const near = kept.find(({ version }) => version === header.version);
      const reason = near === undefined ? "is not kept" : `differs in ${differences(header, near).join(", ")}`;
      throw new StorageError(
        near === undefined ? "NOT_FOUND" : "CORRUPT",
        `the previous version ${header.version} ${reason} in the destination: open it with a history that takes all versions`,
      );
    }
    await run.throttle.pass(same.storedSize);
    await readVerified(destination.session, operation, same.key, same.version);
  }
}

async function versionsSince(run: Run, { session }: Run["source"], item: RecordHeader): Promise<RecordHeader[]> {
  const history = historyOf(session.adapter);
  const { signal } = run.operation;
  const kept = await session.ask(run.operation, () => history.list(item.key, { now: session.now(), signal }));
  return kept
    .map(({ header }) => header)
    .filter(({ created }) => created === item.created)
    .reverse();
}
