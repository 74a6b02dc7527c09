import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

export interface Options {
  /** Ids of workloads; undefined for all. */
  readonly only: readonly string[] | undefined;
  readonly rounds: number | undefined;
  /** Where a CPU profile of each workload is written. */
  readonly profile: string | undefined;
  /** On a real disk; everything is written in a new directory below it, which is removed at the end. */
  readonly directory: string;
}

export const usage = `Usage: pnpm bench [options]

  --only <ids>       these workloads only, separated by commas; prints their tables and leaves the report as it is
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
      rounds: { type: "string" },
      profile: { type: "string" },
      directory: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  const { only, rounds, profile, directory = tmpdir() } = values;
  return {
    only: only === undefined ? undefined : requireKnown(only.split(","), known),
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
