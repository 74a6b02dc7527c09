import type { StorageEngine } from "@holdfast/core";
import { equal, ok } from "../assert.js";
import { difference, show } from "../difference.js";
import { companionOf, type Subject, type Target } from "./subjects.js";

/** One operation that was tried, and who looks at what came of it. */
interface Tried {
  readonly name: string;
  readonly subject: Subject;
  readonly target: Pick<Target, "key">;
  readonly witness: StorageEngine;
}

/** One of the values stands, whole; a batch is there as a whole or not at all. */
export async function stands(
  { name, subject, target: { key }, witness }: Tried,
  values: readonly unknown[],
): Promise<void> {
  const value = await witness.load(key);
  ok(
    values.some((each) => difference(value, each) === undefined),
    `${name}: ${show(value)} does not stand where ${values.map(show).join(" or ")} must`,
  );
  if (subject.name !== "batch") return;
  const isDone = difference(value, subject.leaves) === undefined;
  equal(await witness.exists(companionOf(key)), isDone, `${name}: whether the batch's other item is there`);
}
