import { parseArgs } from "node:util";
import { runInjection } from "./injection.ts";
import { runKills } from "./kills.ts";
import { replay } from "./replay/replay.ts";
import { whyNoFaults } from "./shim/library.ts";
import { STORE_NAMES } from "./stores.ts";

const USAGE = `pnpm crash [--kills N] [--faults N] [--states N] [--seed N]

Without a number: 10,000 killed processes and 2,000 failing calls for each adapter on a disk, 1,000,000 states of a disk whose power
went. Prints the seed, and ends with 1 when anything that was acknowledged is lost.`;

/** The tests' runs, longer. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string" },
      faults: { type: "string" },
      states: { type: "string" },
      seed: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const chosen = [values.kills, values.faults, values.states].some((each) => each !== undefined);
  const amount = (given: string | undefined, all: number): number => Number(given ?? (chosen ? 0 : all));
  console.log(`seed ${seed}`);
  for (const store of STORE_NAMES) {
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
  let states = 0;
  let recovered = 0;
  for (let run = 0; states < wanted; run++) {
    const report = await replay({
      seed: seed + run,
      writers: 3,
      steps: 25,
      states: Math.min(wanted - states, 50_000),
      mostAtOnce: 256,
      again: 0.1,
    });
    states += report.states;
    recovered += report.recovered;
    console.log(`replay: ${states} states, ${recovered} recoveries`);
    conclude(`replay with seed ${seed + run}: ${report.events} events, ${report.states} states`, report.wrong);
  }
}

function every(step: number, what: string): (count: number) => void {
  return (count) => {
    if (count % step === 0) console.log(`${count} ${what}`);
  };
}

function conclude(summary: string, wrong: readonly string[]): void {
  console.log(`${summary}: ${wrong.length === 0 ? "nothing lost, nothing torn" : "BROKEN"}`);
  for (const each of wrong) console.log(`  ${each}`);
  if (wrong.length > 0) process.exitCode = 1;
}

await main();
