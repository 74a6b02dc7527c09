import { parseArgs } from "node:util";

export interface Options {
  /** Mutants of files whose path has this in it. */
  readonly only: string | undefined;
  /** At most so many mutants, drawn by the seed. */
  readonly sample: number | undefined;
  readonly seed: number;
  /** Milliseconds of the processor, as tests take them without a mutant, that one mutant is given. */
  readonly budget: number;
  /** Only those of files whose source is another one than when they were last run, or that never were. */
  readonly changed: boolean;
  /** Only those that the last results list as survived or not covered. */
  readonly survivors: boolean;
  readonly fresh: boolean;
}

export const usage = `Usage: pnpm mutation [options]

  --only <text>      mutants in files with this in their path, such as query or engine/scan
  --sample <number>  so many mutants, drawn by the seed
  --seed <number>    of the sample and of generated test data (default: 1)
  --budget <seconds> of tests for one mutant (default: 5)
  --changed          only mutants of files that have changed since docs/mutation/results.json
  --survivors        only mutants that docs/mutation/results.json names as not killed
  --fresh            forgets the verdicts of a run over the same sources that was cut short
  --help             this text

Writes docs/mutation/results.json and docs/mutation.md: a run with --only, --changed or --survivors its own part of them,
once they are there and whole. With --sample besides, or where they stand for a sample, such a run only prints what it found.`;

/** Throws TypeError for what it does not understand; undefined when help was asked for. */
export function parseOptions(commandLine: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      only: { type: "string" },
      sample: { type: "string" },
      seed: { type: "string", default: "1" },
      budget: { type: "string", default: "5" },
      changed: { type: "boolean", default: false },
      survivors: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { only, sample, changed, survivors, fresh } = values;
  return {
    only,
    sample: sample === undefined ? undefined : count("sample", sample),
    seed: count("seed", values.seed),
    budget: count("budget", values.budget) * 1_000,
    changed,
    survivors,
    fresh,
  };
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new TypeError(`--${name} is a whole number from 1 on, not ${text}`);
}
