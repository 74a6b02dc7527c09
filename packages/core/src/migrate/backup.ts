import { writeSource } from "../engine/stored-source.js";
import { StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";
import { discard, headerOf, readStored } from "./read-stored.js";
import type { Run } from "./run.js";
import { sameValue } from "./same-value.js";

/** Copies what stands in the destination into the backup, before it is replaced. */
export async function backUp(run: Run, over: RecordHeader): Promise<void> {
  const { backup, destination, operation } = run;
  if (backup === undefined) return;
  await run.backupReady();
  const { key, version, storedSize } = over;
  const stored = await readStored(run, destination, { key, version: undefined, storedSize }, backup);
  const relative = key.slice(destination.prefix.length);
  if (stored === undefined || headerOf(stored).version !== version) {
    if (stored !== undefined) await discard(stored);
    throw new StorageError("CONFLICT", "somebody else wrote it in the destination just now", { key: relative });
  }
  const at = backup.pathOf(relative);
  const headerFor = (header: RecordHeader) => {
    backup.session.versions.observe(header.version);
    return { ...header, key: at };
  };
  try {
    await writeSource(backup.session, operation, stored, headerFor, "absent");
  } catch (error) {
    if (!StorageError.is(error, "CONFLICT") || !(await holds(run, at, over))) throw error;
    // An earlier run had copied it, and was killed before it replaced it.
    return;
  }
  run.state.report.backedUp++;
  await run.state.tell({ type: "backed-up", key: relative });
}

async function holds({ backup, destination, operation }: Run, at: string, over: RecordHeader): Promise<boolean> {
  const { signal } = operation;
  const session = backup?.session;
  const found = await session?.ask(operation, () => session.adapter.stat(at, { now: session.now(), signal }));
  if (session === undefined || found === undefined) return false;
  const replaced = { session: destination.session, header: over };
  if (await sameValue(operation, { session, header: found }, replaced)) return true;
  throw new StorageError(
    "INVALID_OPTION",
    `the backup holds another item under ${JSON.stringify(at)}: use an empty one, or put that one back first`,
  );
}
