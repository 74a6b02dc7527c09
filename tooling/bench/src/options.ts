import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

export interface Options {
  /** Ids of workloads; undefined for all. */
  readonly only: readonly string[] | undefined;
  /** Puts what was measured into the report, in the place of what it has of these workloads. */
  readonly keep: boolean;
  readonly rounds: number | undefined;
  /** Where a CPU profile of each workload is written. */
  readonly profile: string | undefined;
  /** On a real disk; everything is written in a new directory below it, which is removed at the end. */
  readonly directory: string;
}

export const usage = `Usage: pnpm bench [options]

  --only <ids>       these workloads only, separated by commas; prints their tables and leaves the report as it is
  --keep             with --only: puts these workloads into the report, which must be of the same machine
  --rounds <number>  measured rounds of each workload, in place of its own number
  --profile <path>   also writes a CPU profile of each workload into this directory
  --directory <path> where to write stores, on a real disk (default: the system's temporary directory)
  --help             this text

Without options everything is measured, and docs/benchmarks.md is written anew.`;

/** Throws TypeError for what it does not understand; undefined when help was asked for. */
export function parseOptions(commandLine: readonly string[], known: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      only: { type: "string" },
      keep: { type: "boolean", default: false },
      rounds: { type: "string" },
      profile: { type: "string" },
      directory: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  const { only, keep, rounds, profile, directory = tmpdir() } = values;
  if (keep && (only === undefined || rounds !== undefined)) {
    throw new TypeError("--keep goes with --only, and with all of the workload's rounds");
  }
  return {
    only: only === undefined ? undefined : requireKnown(only.split(","), known),
    keep,
    rounds: rounds === undefined ? undefined : requireCount(rounds),
    profile: profile === undefined ? undefined : resolve(profile),
    directory: resolve(directory),
  };
}

function requireKnown(ids: readonly string[], known: readonly string[]): readonly string[] {
  for (const id of ids) {
    if (!known.includes(id)) throw new TypeError(`there is no workload ${id}; there are ${known.join(", ")}`);
  }
  return ids;
}

function requireCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new TypeError(`--rounds is a whole number from 1 on, not ${text}`);
  return count;
}
