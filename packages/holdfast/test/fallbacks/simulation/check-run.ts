import { arrivedTooLate, excuses, precedes } from "./excuses.ts";
import type { AppWrite, Run } from "./schedule.ts";
import type { Commit } from "./world.ts";

/** Throws when a write was lost or applied twice, or covered what the app had not seen. */
export function checkRun(run: Run): void {
  const { world, writes } = run;
  const commits = new Map<number, Commit[]>();
  for (const commit of world.log) {
    if (commit.id !== undefined) commits.set(commit.id, [...(commits.get(commit.id) ?? []), commit]);
  }
  const committed = (id: number) => commits.get(id) ?? [];

  for (const write of writes) {
    if (write.id === undefined) checkDeletion(write);
    else checkSave(write, write.id);
  }
  for (const commit of world.log) if (commit.by === "app") checkCommit(commit);
  checkBatches();
  checkTold();

  function checkSave(write: AppWrite, id: number): void {
    const found = committed(id);
    for (const { key } of found) {
      if (key !== write.key && !isBeside(key, write.key)) throw new Error(`${id} of "${write.key}" came to "${key}"`);
    }
    if (write.outcome === "refused" && found.length > 0) throw new Error(`${id} was refused, and is in the primary`);
    if (found.length > 1 && !mayBeTwice(write, found)) throw new Error(`${id} was written ${found.length} times`);
    if (write.outcome === "done" && !isAccountedFor(write))
      throw new Error(`${id}, saved under "${write.key}", is lost`);
  }

  /** A save without a precondition may arrive after its content was kept beside what stands: docs/fallbacks.md, "Limits". */
  function mayBeTwice({ key }: AppWrite, [first, second, ...more]: readonly Commit[]): boolean {
    if (first === undefined || second === undefined || more.length > 0) return false;
    return isBeside(first.key, key) && second.key === key && second.late && second.expect === "any";
  }

  /** It has arrived, or a later write of the app's has come in its place. */
  function isAccountedFor(write: AppWrite): boolean {
    return (write.id !== undefined && committed(write.id).length > 0) || isReplaced(write);
  }

  /** By a write of the app's that came after it, or may have. The last of them is looked at in its own turn. */
  function isReplaced(write: AppWrite): boolean {
    return writes.some((other) => {
      if (other === write || other.key !== write.key || precedes(other, write)) return false;
      if (other.outcome === "done" && (precedes(write, other) || other.id === undefined)) return true;
      return other.outcome !== "refused" && hasTakenEffect(other);
    });
  }

  function hasTakenEffect({ key, id, logged, taken }: AppWrite): boolean {
    if (id !== undefined) return committed(id).length > 0;
    const inPrimary = world.log.slice(logged).some((each) => each.by === "app" && each.key === key && !each.id);
    return inPrimary || world.taken.slice(taken).some((each) => each.key === key && each.state === "deleted");
  }

  function checkDeletion(deletion: AppWrite): void {
    const { key, logged, outcome } = deletion;
    if (outcome !== "done") return;
    const at = world.log.findLastIndex((commit) => commit.key === key);
    const standing = world.log[at];
    if (standing?.id === undefined || excuses(run, deletion)) return;
    const own = writes.find((write) => write.id === standing.id);
    const isLater = own === undefined ? at >= logged : !precedes(own, deletion) || arrivedTooLate(run, own, deletion);
    if (!isLater) throw new Error(`"${key}" was deleted and is there again, as ${standing.id}`);
  }

  function checkCommit({ key, id, expect, replaced, late, at }: Commit): void {
    const write = writes.find((each) => each.id !== undefined && each.id === id);
    if (expect === "any") {
      // What is sent again may have met what nobody has seen.
      const isAgain = write !== undefined && write.answered <= at && !late;
      if (isAgain) throw new Error(`${id} was sent to "${key}" again without a condition`);
    } else if (replaced !== undefined && !world.seen.has(replaced)) {
      throw new Error(`"${key}": ${id ?? "a deletion"} covered ${replaced}, which the app had not seen`);
    }
  }

  function checkBatches(): void {
    for (const first of writes) {
      const parts = writes.filter(({ batch }) => batch === first.batch);
      if (parts.length === 1 || parts[0] !== first) continue;
      const sent = parts.filter(({ id }) => id !== undefined && committed(id).length > 0);
      // One that was replaced before it was sent is in no call; those that were sent have one in common.
      const calls = sent.map(({ id = -1 }) => new Set(committed(id).map(({ call }) => call)));
      const together = [...(calls[0] ?? [])].some((call) => calls.every((each) => each.has(call)));
      const rest = parts.filter((part) => !sent.includes(part));
      if (sent.length > 0 && !(together && rest.every(isReplaced))) {
        throw new Error(
          `what was written as one (${parts.map(({ id }) => id).join(", ")}) came to the primary in parts`,
        );
      }
    }
  }

  /** Whatever is kept beside what stands, the app has been told of; what came when everybody had given it up, nobody can tell. */
  function checkTold(): void {
    const told = new Set(run.events.map((event) => (event.type === "conflict" ? event.keptAs : undefined)));
    for (const { key, late } of world.log) {
      if (key.includes(BESIDE) && !late && !told.has(key)) throw new Error(`nobody was told of "${key}"`);
    }
  }
}

const BESIDE = ".conflict-";

function isBeside(key: string, of: string): boolean {
  return key.startsWith(of + BESIDE);
}
