import { StorageError } from "../errors.js";
import type { Definition, Step, VersionName } from "./definition.js";
import { compareSchemaVersions } from "./schema-version.js";

/** How data of one version becomes data of the code's version. */
export interface Chain {
  readonly direction: "up" | "down";
  readonly steps: readonly Step[];
}

interface Edge {
  readonly step: Step;
  readonly start: VersionName;
  readonly end: VersionName;
}

/**
 * The shortest chain of steps from a version to the code's; of equally short ones that whose steps were named first. Steps go
 * one way and never past the code's version. Throws SCHEMA, naming the gap.
 */
export function findChain(definition: Definition, from: VersionName): Chain {
  const { version, steps } = definition;
  const direction = compareSchemaVersions(from.number, version.number) <= 0 ? "up" : "down";
  const edges = direction === "up" ? steps.map(upward) : steps.filter(hasDown).map(downward);
  const usable = edges.filter(({ end }) => isWithin(end, from, version));
  const ways = new Map<string, readonly Step[]>([[idOf(from), []]]);
  const reached = [from];
  for (const place of reached) {
    const way = ways.get(idOf(place)) ?? [];
    if (isEqual(place, version)) return { direction, steps: way };
    for (const { step, start, end } of usable) {
      if (!isEqual(start, place) || ways.has(idOf(end))) continue;
      ways.set(idOf(end), [...way, step]);
      reached.push(end);
    }
  }
  throw direction === "up" ? gapError(definition, reached, usable) : newerError(definition, from);
}

function gapError(
  { name, version }: Definition,
  reached: readonly VersionName[],
  edges: readonly Edge[],
): StorageError {
  const furthest = reached.reduce((a, b) => (compareSchemaVersions(a.number, b.number) < 0 ? b : a));
  // The lowest version that leads on to the code's, walking back from it.
  const leading = [version];
  for (const place of leading) {
    for (const { start, end } of edges) {
      if (isEqual(end, place) && !leading.some((known) => isEqual(known, start))) leading.push(start);
    }
  }
  const above = leading.filter((each) => compareSchemaVersions(each.number, furthest.number) > 0);
  const next = above.reduce((a, b) => (compareSchemaVersions(b.number, a.number) < 0 ? b : a), version);
  return new StorageError(
    "SCHEMA",
    `${name}: no migration leads from ${furthest.text} to ${next.text}; add that step to the collection's migrations`,
  );
}

function newerError({ name, version }: Definition, from: VersionName): StorageError {
  return new StorageError(
    "SCHEMA",
    `${name}: this data has version ${from.text}, which is newer than the code's ${version.text}; update the app, or give it migrations with "down" from ${from.text} to ${version.text}`,
  );
}

function upward(step: Step): Edge {
  return { step, start: step.from, end: step.to };
}

function downward(step: Step): Edge {
  return { step, start: step.to, end: step.from };
}

function hasDown({ migration }: Step): boolean {
  return migration.down !== undefined;
}

/** Whether `place` lies between the ends, whichever is the greater. */
function isWithin(place: VersionName, from: VersionName, to: VersionName): boolean {
  const [a, b] = [compareSchemaVersions(place.number, from.number), compareSchemaVersions(place.number, to.number)];
  return a * b <= 0;
}

function isEqual(a: VersionName, b: VersionName): boolean {
  return compareSchemaVersions(a.number, b.number) === 0;
}

function idOf({ number }: VersionName): string {
  return number.join(".");
}
