import { type Mutant, nameOf } from "./mutant.ts";
import type { Judged } from "./verdicts.ts";

/** What docs/mutation/results.json holds. */
export interface Results {
  readonly seed: number;
  /** All mutants that there are; `files` counts those that were run. */
  readonly mutants: number;
  readonly sampled: boolean;
  /** Seconds of tests for one mutant. */
  readonly budget: number;
  readonly tests: number;
  /** Tests that failed without a mutant, and so were left out. */
  readonly leftOut: number;
  /** Test files that need vitest itself, such as those that mock modules, and so were left out. */
  readonly filesLeftOut: number;
  readonly files: readonly FileResult[];
  /** What was not killed. */
  readonly standing: readonly Standing[];
  /** Files whose source was another one when they were last run, or that never were. */
  readonly outdated: readonly string[];
}

/** A fingerprint of each source file that holds mutants. */
export type Sources = ReadonlyMap<string, string>;

export interface Counts {
  readonly mutants: number;
  readonly killed: number;
  readonly timedOut: number;
  readonly survived: number;
  readonly notCovered: number;
}

export interface FileResult extends Counts {
  readonly file: string;
  /** The fingerprint of the source that was run. */
  readonly source: string;
}

export interface Standing {
  readonly status: "survived" | "not covered";
  readonly line: number;
  readonly operator: Mutant["operator"];
  readonly name: string;
}

export function filesOf(verdicts: ReadonlyMap<Mutant, Judged>, sources: Sources): FileResult[] {
  const byFile = Map.groupBy(verdicts, ([mutant]) => mutant.file);
  return Array.from(byFile, ([file, entries]) => ({
    file,
    source: sources.get(file) ?? "",
    ...countsOf(entries.map(([, judged]) => judged)),
  }));
}

export function outdatedOf(files: readonly FileResult[], sources: Sources): string[] {
  const run = new Map(files.map(({ file, source }) => [file, source]));
  return Array.from(sources).flatMap(([file, source]) => (run.get(file) === source ? [] : [file]));
}

export function standingOf(verdicts: ReadonlyMap<Mutant, Judged>): Standing[] {
  return Array.from(verdicts).flatMap(([mutant, { status }]) =>
    status === "survived" || status === "not covered"
      ? [{ status, line: mutant.line, operator: mutant.operator, name: nameOf(mutant) }]
      : [],
  );
}

/** Of several files. */
export function totalOf(files: readonly Counts[]): Counts {
  const sum = (name: keyof Counts): number => files.reduce((total, counts) => total + counts[name], 0);
  return {
    mutants: sum("mutants"),
    killed: sum("killed"),
    timedOut: sum("timedOut"),
    survived: sum("survived"),
    notCovered: sum("notCovered"),
  };
}

/** The share of the mutants that a test reaches, of which a test fails; a test that hangs has failed. */
export function scoreOf({ mutants, killed, timedOut, notCovered }: Counts): number {
  return mutants === notCovered ? 1 : (killed + timedOut) / (mutants - notCovered);
}

function countsOf(judged: readonly Judged[]): Counts {
  const count = (status: Judged["status"]): number => judged.filter((one) => one.status === status).length;
  return {
    mutants: judged.length,
    killed: count("killed"),
    timedOut: count("timed out"),
    survived: count("survived"),
    notCovered: count("not covered"),
  };
}
