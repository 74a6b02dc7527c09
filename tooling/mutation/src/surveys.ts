import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Survey } from "./harness/messages.ts";

interface Kept {
  readonly fingerprint: string;
  readonly survey: Survey;
}

/** The survey of a run that was cut short; undefined when there is none of the same sources. */
export function readSurvey(path: string, fingerprint: string): Survey | undefined {
  if (!existsSync(path)) return undefined;
  const kept: Kept = JSON.parse(readFileSync(path, "utf8"));
  return kept.fingerprint === fingerprint ? kept.survey : undefined;
}

export function writeSurvey(path: string, fingerprint: string, survey: Survey): void {
  const { loading, tests, unloadable } = survey;
  const kept: Kept = { fingerprint, survey: { loading, tests, unloadable } };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(kept));
}
