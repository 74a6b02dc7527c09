import { StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";
import type { Move } from "./moves.js";
import { keptVersions } from "./previous-versions.js";
import type { Run } from "./run.js";
import { hasArrived, versionHasArrived } from "./same-value.js";
import { standingAt } from "./standing.js";

/** What is to be done with one item, given what stands in the destination. */
export type Decision =
  | CopyDecision
  | { readonly kind: "unchanged"; readonly standing: RecordHeader; readonly as: string | undefined }
  | { readonly kind: "skipped" }
  | { readonly kind: "conflict" };

export interface CopyDecision {
  readonly kind: "copy";
  /** The key of the store. */
  readonly at: string;
  /** As the destination calls it, where that is not the item's own key. */
  readonly as: string | undefined;
  /** What is replaced. */
  readonly over: RecordHeader | undefined;
  /** It is an earlier state of this very item, which this migration put there. */
  readonly ours: boolean;
}

/** Beyond it a key is more likely a mistake than a thousandth conflict. */
const MOST_NAMES = 1_000;

/**
 * `following`: the item was passed before, and has changed in the source since. What this migration wrote for it is then replaced by
 * what the source has now; what it only found there is the destination's own, and left to the policy.
 *
 * @throws CONFLICT where another item of the source has become the same key.
 */
export async function decide(
  run: Run,
  move: Move,
  standing: RecordHeader | undefined,
  following: boolean,
): Promise<Decision> {
  const { key, expected } = move;
  const { settled } = run.state;
  if (standing === undefined) return { kind: "copy", at: expected.key, as: undefined, over: undefined, ours: false };
  if (run.options.transform !== undefined && settled.hasOfAnother(key, standing)) {
    throw new StorageError("CONFLICT", `another item of the source has become ${JSON.stringify(expected.key)} already`);
  }
  if (await hasArrived(run, move, standing)) return { kind: "unchanged", standing, as: undefined };
  const over: CopyDecision = { kind: "copy", at: expected.key, as: undefined, over: standing, ours: false };
  if (following && settled.wrote(key, standing)) return { ...over, ours: true };
  // Cut off within the versions of this item: they go on behind the one that stands.
  if (run.history && (await isEarlier(run, move, standing))) return { ...over, ours: true };
  switch (run.policy) {
    case "stop":
      return { kind: "conflict" };
    case "skip":
      return { kind: "skipped" };
    case "overwrite":
      return over;
    case "newer":
      return expected.modified > standing.modified ? over : { kind: "skipped" };
    case "keep-both":
      return beside(run, move, following);
  }
}

async function isEarlier(run: Run, move: Move, standing: RecordHeader): Promise<boolean> {
  if (move.transformed) return false;
  const kept = await keptVersions(run, move.header);
  const same = kept.find(({ version }) => version === standing.version);
  return same !== undefined && versionHasArrived(run, same, { header: standing });
}

/** The first free name, or the one that has the item already. */
async function beside(run: Run, move: Move, following: boolean): Promise<Decision> {
  const { prefix } = run.destination;
  const known = run.state.exceptions.get(move.key);
  for (let number = 1; number <= MOST_NAMES; number++) {
    const as = `${move.expected.key.slice(prefix.length)}~migrated${number === 1 ? "" : `-${number}`}`;
    const at = run.destination.pathOf(as);
    const standing = await standingAt(run, at);
    if (standing === undefined) return { kind: "copy", at, as, over: undefined, ours: false };
    if (await hasArrived(run, move, standing)) return { kind: "unchanged", standing, as };
    if (following && known === as && run.state.settled.wrote(move.key, standing)) {
      return { kind: "copy", at, as, over: standing, ours: true };
    }
  }
  throw new StorageError("CONFLICT", `there are ${MOST_NAMES} other items under names made from this key`);
}
