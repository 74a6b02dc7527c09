import { reasonOf } from "../describe-thrown.js";
import type { Operation } from "../engine/failure.js";
import { itemOf } from "../engine/items.js";
import { readValue } from "../engine/read-version.js";
import { StorageError } from "../errors.js";
import type { RecordHeader, StoredRecord } from "../spi/index.js";
import { accept, acceptStorable } from "./accept.js";
import { findChain } from "./chain.js";
import type { Step } from "./definition.js";
import { warnOfDeprecated } from "./deprecation.js";
import { aboutItem, quoteId, type Scope } from "./scope.js";
import { isCurrent, storedVersion } from "./stored-version.js";
import { judge, judgeStorable } from "./verdict.js";

/** Stored data as the code knows it. */
export interface Upgraded {
  /** Validated. */
  readonly data: unknown;
  /** How the item was found: as the code writes it; so, but for its indexed paths; of an older version, or of none; of a newer version. */
  readonly found: "current" | "indexed otherwise" | "outdated" | "newer";
}

/**
 * Brings what is stored to the code's version, in memory. Throws SCHEMA, INVALID_VALUE for what no format holds, and what reading it
 * throws; each names the item.
 */
export async function upgrade(scope: Scope, operation: Operation, record: StoredRecord): Promise<Upgraded> {
  try {
    return await bringUp(scope, operation, record);
  } catch (error) {
    throw aboutItem(scope, operation, record.header.key, error);
  }
}

async function bringUp(scope: Scope, operation: Operation, record: StoredRecord): Promise<Upgraded> {
  const { header } = record;
  const { definition } = scope;
  const version = storedVersion(header, definition);
  const { direction, steps } = findChain(definition, version);
  const subject = `${definition.name}: the data of ${quoteId(scope, header.key)}, saved as version ${version.text}`;
  let data = await readValue(scope.internals.session, record);
  if (steps.length === 0 && header.schema !== undefined) {
    const verdict = await judge(definition.schema, data);
    return {
      data: accept(verdict, `${subject},`),
      found: isCurrent(header, definition) ? "current" : "indexed otherwise",
    };
  }
  // Only of what was met: the versions in between are passed through.
  if (direction === "up") await warnOfDeprecated(scope, steps[0], header.key);
  for (const step of steps) {
    data = await take(scope, step, direction, data, header);
    operation.signal?.throwIfAborted();
  }
  // It may be written as it is: what holds for a save has to hold for it.
  const verdict = await judgeStorable(definition.schema, data);
  const way = steps.length === 0 ? "" : ` and brought to ${definition.version.text}`;
  return { data: acceptStorable(verdict, `${subject}${way},`), found: direction === "up" ? "outdated" : "newer" };
}

async function take(
  scope: Scope,
  { from, to, migration }: Step,
  direction: "up" | "down",
  data: unknown,
  header: RecordHeader,
): Promise<unknown> {
  const [start, end] = direction === "up" ? [from, to] : [to, from];
  const failed = (reason: string, cause?: unknown) =>
    new StorageError(
      "SCHEMA",
      `${scope.definition.name}: the migration from ${start.text} to ${end.text} ${reason} for ${quoteId(scope, header.key)}`,
      { cause },
    );
  const { session, prefix } = scope.internals;
  const item = await itemOf(session, structuredClone(header), prefix);
  let changed: unknown;
  try {
    changed = await (direction === "up" ? migration.up(data, item) : migration.down?.(data, item));
  } catch (cause) {
    throw failed(`failed (${reasonOf(cause)})`, cause);
  }
  // Most often a return that was forgotten; to guess that the data was changed in place would be a guess.
  if (changed === undefined) throw failed("returned undefined");
  return changed;
}
