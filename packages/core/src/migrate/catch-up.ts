import { isBelow } from "../keys.js";
import type { FeedEntry } from "../spi/index.js";
import { copyItem } from "./copy.js";
import { type Move, moveOf } from "./moves.js";
import { removeCopy, removeElsewhere } from "./remove-stale.js";
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
    const { saved, deleted } = state.report.changed;
    const moved = new Map<string, string | undefined>();
    for (const key of wantedKeys(run, entries)) await takeUp(run, key, check, moved);
    if (moved.size > 0) await removeElsewhere(run, moved);
    if (state.report.changed.saved + state.report.changed.deleted > saved + deleted) changed = true;
    const last = entries.at(-1);
    if (last === undefined) break;
    state.cursor = last.cursor;
  }
  return changed ? "changed" : "even";
}

/** The keys of the source's store that entries are about, each once. */
function wantedKeys({ source, options }: Run, entries: readonly FeedEntry[]): Set<string> {
  const prefix = source.prefix + (options.prefix ?? "");
  return new Set(entries.flatMap(({ key }) => (isBelow(key, prefix) ? key : [])));
}

/** Brings one item to where the source has it now. `moved` is told of what may stand elsewhere as well. */
async function takeUp(run: Run, path: string, check: boolean, moved: Map<string, string | undefined>): Promise<void> {
  const { source, operation, options } = run;
  const { signal } = operation;
  const key = run.relative(path);
  await run.attempt(key, async () => {
    run.checkWanted();
    const { session } = source;
    const header = await session.ask(operation, () => session.adapter.stat(path, { now: session.now(), signal }));
    const move = header && (await moveOf(run, header));
    if (move !== undefined) return bring(run, move, check, moved);
    // Gone, or left out now.
    if (options.transform === undefined) await removeCopy(run, key);
    else moved.set(key, undefined);
  });
}

async function bring(run: Run, move: Move, check: boolean, moved: Map<string, string | undefined>): Promise<void> {
  const { state, destination, options } = run;
  const { key, expected } = move;
  const before = state.report.changed.saved;
  const standing = await standingAt(run, expected.key);
  const inPlace = standing !== undefined && state.settled.wrote(key, standing);
  await copyItem(run, move, standing, true);
  const as = state.exceptions.get(key);
  // A transform may have given it another key than before; null: the policy left it out there.
  if (options.transform !== undefined && !inPlace) {
    moved.set(key, as === null ? undefined : as === undefined ? expected.key : destination.pathOf(as));
  }
  if (check && state.report.changed.saved > before) await verifyMove(run, move);
}
