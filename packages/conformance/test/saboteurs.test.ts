import {
  ConformanceError,
  type Harness,
  plain,
  type Replacements,
  type Result,
  replacing,
  runConformance,
  type Theme,
  themes,
} from "@holdfast/conformance";
import { type StorageAdapter, StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { mortal } from "./mortal.js";
import { saboteurs } from "./saboteurs/index.js";
import type { Saboteur } from "./saboteurs/saboteur.js";
import { indexedHarness, sharedHarness, simpleHarness } from "./simple-harness.js";

// The whole suite against every saboteur takes many minutes; the case that names the fault alone proves as much.
const wholeSuite = process.env["HOLDFAST_SABOTEURS"] === "whole-suite";

/** Milliseconds that one spoilt adapter may be at work: far more than any case takes. */
const LIFETIME = 25_000;

describe("the suite fails an adapter with the fault", () => {
  it.each(saboteurs)("$name", { timeout: wholeSuite ? 900_000 : 60_000 }, async (saboteur) => {
    const { caughtBy } = saboteur;
    const themesToRun = wholeSuite ? themes : only(caughtBy);
    expect(
      themesToRun.flatMap((theme) => theme.cases.filter(({ name }) => isNamed(theme, name, caughtBy))),
    ).toHaveLength(1);
    const results = await resultsOf(spoiltHarness(saboteur), themesToRun);
    const verdict = results.find(({ theme, case: name }) => theme === caughtBy.theme && name === caughtBy.case);
    expect(verdict?.passed).toBe(false);
    // Not by an accident of the fault's own, such as a TypeError.
    expect(verdictOf(verdict?.error)).toBeInstanceOf(ConformanceError);
  });
});

describe("the case that catches the fault passes the adapter without it", () => {
  const cases = new Map(
    saboteurs.map((saboteur) => [`${saboteur.on ?? "simple"}: ${saboteur.caughtBy.case}`, saboteur]),
  );
  it.each([...cases])("%s", async (_, { on, caughtBy }) => {
    const [result] = await resultsOf(soundHarness(on), only(caughtBy));
    expect(result?.error).toBeUndefined();
    expect(result?.refused).toBeUndefined();
  });
});

it("each saboteur has a name of its own", () => {
  expect(new Set(saboteurs.map(({ name }) => name)).size).toBe(saboteurs.length);
});

it("the list of saboteurs is the one that the certification shows", async () => {
  const list = saboteurs.map(({ name, story, caughtBy }) => ({ name, story, caughtBy }));
  await expect(`${JSON.stringify(list, undefined, 2)}\n`).toMatchFileSnapshot("saboteurs/saboteurs.snapshot.json");
});

function soundHarness(on: Saboteur["on"]): Harness {
  if (on === "indexed") return indexedHarness();
  return on === "shared" ? sharedHarness() : simpleHarness();
}

function spoiltHarness(saboteur: Saboteur): Harness {
  const { name, hangsAfter } = saboteur;
  const spoilt = (sound: StorageAdapter, replacements: Replacements) =>
    mortal(replacing(sound, replacements), LIFETIME);
  if (saboteur.on === "indexed")
    return indexedHarness(name, (sound, store) => spoilt(sound, saboteur.plant(sound, store)), hangsAfter);
  const harness = saboteur.on === "shared" ? sharedHarness : simpleHarness;
  return harness(name, (sound, store) => spoilt(sound, saboteur.plant(sound, store)), hangsAfter);
}

function only(caughtBy: Saboteur["caughtBy"]): Theme[] {
  return themes
    .map((theme) => ({ ...theme, cases: theme.cases.filter(({ name }) => isNamed(theme, name, caughtBy)) }))
    .filter(({ cases }) => cases.length > 0);
}

function isNamed(theme: Theme, name: string, caughtBy: Saboteur["caughtBy"]): boolean {
  return theme.name === caughtBy.theme && name === caughtBy.case;
}

async function resultsOf(harness: Harness, chosen: readonly Theme[]): Promise<Result[]> {
  const results: Result[] = [];
  for await (const result of runConformance(harness, { modes: [plain], themes: chosen })) results.push(result);
  return results;
}

/** A fault may show in what an operation refuses that it must not, and a case that hangs cannot close its store either. */
function verdictOf(error: unknown): unknown {
  if (error instanceof AggregateError) return verdictOf(error.errors[0]);
  if (StorageError.is(error) && error.code !== "INTERNAL" && error.code !== "TIMEOUT")
    return new ConformanceError(error.message);
  return error;
}
