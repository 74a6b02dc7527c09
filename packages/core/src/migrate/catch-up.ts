import { deleteRecord } from "../engine/delete-record.js";
import { StorageError } from "../errors.js";
import type { FeedEntry, RecordHeader } from "../spi/index.js";
import { copyItem } from "./copy.js";
import { moveOf } from "./moves.js";
import type { Run } from "./run.js";
import { standingAt } from "./standing.js";
import { verifyMove } from "./verify-move.js";

const PAGE = 1_000;
/** A source that is in constant use is left after so many readings of its feed. */
const MOST_ROUNDS = 16;

/** The place in the source's feed; undefined where it has none. */
export async function feedPosition({ source: { session }, operation }: Run): Promise<string | undefined> {
  if (session.adapter.capabilities.changes === "none") return undefined;
  const { signal } = operation;
  return session.ask(operation, () => session.adapter.lastCursor?.({ signal }));
}

/**
 * Copies and deletes anew what was written and deleted in the source since the state's cursor. `check`: reads back what it copied.
 * False where the feed does not reach back to the cursor any more.
 */
export async function catchUp(run: Run, check: boolean): Promise<boolean> {
  const { state } = run;
  state.report.changed.pending = false;
  if (state.cursor === undefined) return true;
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const outcome = await follow(run, check);
    if (outcome !== "changed") return outcome === "even";
  }
  state.report.changed.pending = true;
  return true;
}

/** Reads the feed up to what is its end now. `even`: nothing in it made a difference. */
async function follow(run: Run, check: boolean): Promise<"even" | "changed" | "resync"> {
  const { state, operation, source } = run;
  const { signal } = operation;
  const { adapter } = source.session;
  const until = await feedPosition(run);
  let changed = false;
  while (state.cursor !== until) {
    const range = { after: state.cursor, limit: PAGE };
    const page = await source.session.ask(operation, () => adapter.changes?.(range, { signal }));
    if (page === undefined || page.outcome === "resync") return "resync";
    const end = page.changes.findIndex(({ cursor }) => cursor === until);
    const entries = end < 0 ? page.changes : page.changes.slice(0, end + 1);
    for (const key of wantedKeys(run, entries)) {
      if (await takeUp(run, key, check)) changed = true;
    }
    const last = entries.at(-1);
    if (last === undefined) break;
    state.cursor = last.cursor;
  }
  return changed ? "changed" : "even";
}

/** The keys of the source's store that entries are about, each once. */
function wantedKeys({ source, options }: Run, entries: readonly FeedEntry[]): Set<string> {
  const prefix = source.prefix + (options.prefix ?? "");
  return new Set(entries.flatMap(({ key }) => (key.startsWith(prefix) ? key : [])));
}

/** Brings one item to where the source has it now. True when that took a write. */
async function takeUp(run: Run, path: string, check: boolean): Promise<boolean> {
  const { state, source, operation } = run;
  const { signal } = operation;
  const { changed } = state.report;
  const before = changed.saved + changed.deleted;
  const key = run.relative(path);
  await run.attempt(key, async () => {
    run.checkWanted();
    const { session } = source;
    const header = await session.ask(operation, () => session.adapter.stat(path, { now: session.now(), signal }));
    if (header === undefined) return remove(run, key);
    await bring(run, header, check);
  });
  return changed.saved + changed.deleted > before;
}

async function bring(run: Run, header: RecordHeader, check: boolean): Promise<void> {
  const move = await moveOf(run, header);
  if (move === undefined) return;
  const before = run.state.report.changed.saved;
  await copyItem(run, move, await standingAt(run, move.expected.key), true);
  if (check && run.state.report.changed.saved > before) await verifyMove(run, move);
}

/** Deletes what this migration wrote into the destination for an item. What that replaced went into the backup then. */
async function remove(run: Run, key: string): Promise<void> {
  const { state, destination, operation, options } = run;
  const as = state.exceptions.get(key);
  // Where a transform had put an item cannot be told without the item.
  if (as === null || options.transform !== undefined) return;
  const standing = await standingAt(run, destination.prefix + (as ?? key));
  if (standing === undefined || !state.settled.wrote(key, standing)) return;
  try {
    await deleteRecord(destination.session, operation, standing.key, standing.version);
  } catch (error) {
    // Somebody else wrote it just now: then it is theirs.
    if (StorageError.is(error, "CONFLICT")) return;
    throw error;
  }
  state.report.changed.deleted++;
  await state.tell({ type: "source-changed", key, change: "delete" });
}
