import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Capabilities } from "@holdfast/core";
import { adapters } from "./adapters.ts";
import type { Saboteur } from "./page.ts";
import type { Verdicts } from "./verdict.ts";

const root = join(import.meta.dirname, "../../..");

export const pagePath: string = join(root, "docs/certification.md");
/** What the last `pnpm certify` found. */
export const verdictsPath: string = join(root, "docs/certification/verdicts.json");
/** Kept by a test of the suite, beside the saboteurs. */
const saboteursPath = join(root, "packages/conformance/test/saboteurs/saboteurs.snapshot.json");

export function readVerdicts(): Verdicts {
  return JSON.parse(readFileSync(verdictsPath, "utf8")) as Verdicts;
}

export function readSaboteurs(): Saboteur[] {
  return JSON.parse(readFileSync(saboteursPath, "utf8")) as Saboteur[];
}

/** As the adapters announce them now. */
export function currentCapabilities(): Record<string, Capabilities> {
  return Object.fromEntries(adapters.map(({ name, capabilities }) => [name, capabilities]));
}
