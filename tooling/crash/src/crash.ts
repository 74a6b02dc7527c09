import { parseArgs } from "node:util";
import { runInjection } from "./injection.ts";
import { runKills } from "./kills.ts";
import { type ReplayReport, replay } from "./replay/replay.ts";
import { whyNoFaults } from "./shim/library.ts";
import { STORE_NAMES } from "./stores.ts";
import { crossCheck, whyNoStrace } from "./strace/cross-check.ts";

const USAGE = `pnpm crash [--kills N] [--faults N] [--states N] [--store NAME] [--strace] [--seed N]

Without a number: 10,000 killed processes and 2,000 failing calls for each adapter on a disk, 1,000,000 states of a disk whose power
went, and --strace. --store sqlite or --store filesystem kills and fails on that adapter alone. --strace compares
what the filesystem adapter tells of its work with its system calls. Prints the seed, and ends with 1 when anything is wrong.`;

/** The tests' runs, longer. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string" },
      faults: { type: "string" },
      states: { type: "string" },
      store: { type: "string" },
      strace: { type: "boolean" },
      seed: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const chosen = [values.kills, values.faults, values.states, values.strace].some((each) => each !== undefined);
  const amount = (given: string | undefined, all: number): number => Number(given ?? (chosen ? 0 : all));
  console.log(`seed ${seed}`);
  const stores = STORE_NAMES.filter((name) => name === (values.store ?? name));
  if (stores.length === 0) throw new Error(`there is no adapter ${values.store}: ${STORE_NAMES.join(" or ")}`);
  if (values.strace ?? !chosen) {
    const reason = whyNoStrace();
    if (reason !== undefined) throw new Error(reason);
    const { recorded, ofSqlite, wrong } = crossCheck(seed);
    conclude(
      `strace: ${recorded} calls of the port, ${ofSqlite} of SQLite on its own files`,
      wrong,
      "nothing beside them",
    );
  }
  for (const store of stores) {
    const kills = amount(values.kills, 10_000);
    if (kills > 0) {
      const { killed, acknowledged, wrong } = await runKills({ store, kills, seed, progress: every(100, "killed") });
      conclude(`${store}: ${killed} processes killed, ${acknowledged} acknowledged steps`, wrong);
    }
    const faults = amount(values.faults, 2_000);
    if (faults > 0) {
      const reason = whyNoFaults();
      if (reason !== undefined) throw new Error(reason);
      const { calls, tried, wrong } = await runInjection({ store, faults, seed, progress: every(100, "faults") });
      const kinds = Object.entries(tried).map(([kind, count]) => `${kind} ${count}`);
      conclude(`${store}: faults spread over ${calls} calls: ${kinds.join(", ")}`, wrong);
    }
  }
  const wanted = amount(values.states, 1_000_000);
  const total = { states: 0, distinct: 0, recovered: 0, outcomes: 0 };
  for (let run = 0; total.states < wanted; run++) {
    const { wrong, events, ...report } = await replay({
      seed: seed + run,
      writers: 2,
      steps: 14,
      // Many overwrites under a few names, and all kinds of names, in turn.
      keys: run % 2 === 0 ? 5 : undefined,
      states: Math.min(wanted - total.states, 10_000),
      mostAtOnce: 512,
      again: 0.05,
    });
    for (const name of ["states", "distinct", "recovered", "outcomes"] as const) total[name] += report[name];
    conclude(`replay with seed ${seed + run}: ${events} events, ${report.states} states`, wrong);
    console.log(tellStates(total));
    if (wrong.length > 0) return;
  }
}

function tellStates({ states, distinct, recovered, outcomes }: Omit<ReplayReport, "events" | "wrong">): string {
  return `${states} states, ${distinct} of them distinct; ${recovered} recoveries with ${outcomes} different outcomes`;
}

function every(step: number, what: string): (count: number) => void {
  return (count) => {
    if (count % step === 0) console.log(`${count} ${what}`);
  };
}

function conclude(summary: string, wrong: readonly string[], good = "nothing lost, nothing torn"): void {
  console.log(`${summary}: ${wrong.length === 0 ? good : "BROKEN"}`);
  for (const each of wrong) console.log(`  ${each}`);
  if (wrong.length > 0) process.exitCode = 1;
}

await main();
