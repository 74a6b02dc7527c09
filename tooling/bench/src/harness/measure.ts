import type { Contender } from "./contender.ts";
import type { ContenderResult, WorkloadResult } from "./results.ts";
import type { PopulationId, Site, Workload } from "./workload.ts";

interface MeasureOptions {
  /** Overrides the workload's own number. */
  readonly rounds: number | undefined;
}

/** A workload of which only the contenders know what their input is. */
export interface Runnable {
  readonly id: string;
  readonly populations: readonly PopulationId[];
  /** Microseconds by which each fsync of its process is slowed. */
  readonly fsyncDelay: number | undefined;
  measure(site: Site, options: MeasureOptions): Promise<WorkloadResult>;
}

export function runnable<Input>(workload: Workload<Input>): Runnable {
  const { id, populations, fsyncDelay } = workload;
  return { id, populations, fsyncDelay, measure: (site, options) => measure(workload, site, options) };
}

/**
 * Runs all contenders of a workload in this process, round by round: each round gives every contender the same input, and
 * the order turns, so that drift of the machine, neighbours and the contender before hit all of them alike.
 */
async function measure<Input>(workload: Workload<Input>, site: Site, options: MeasureOptions): Promise<WorkloadResult> {
  const contenders = await workload.open(site);
  const rounds = options.rounds ?? workload.rounds;
  const times = new Map<string, number[]>(contenders.map(({ id }) => [id, []]));
  for (let round = 0; round < workload.warmups + rounds; round++) {
    const input = workload.input(round);
    for (const contender of inTurn(contenders, round)) {
      const milliseconds = await time(contender, input, workload.results(input));
      const microseconds = (milliseconds * 1000) / workload.operations;
      if (round >= workload.warmups) times.get(contender.id)?.push(Math.round(microseconds * 1000) / 1000);
    }
  }
  for (const contender of contenders) await contender.close();
  const { id, title, description, unit, operations, warmups } = workload;
  const results = contenders.map((contender) => resultOf(contender, times.get(contender.id) ?? []));
  return { id, title, description, unit, operations, warmups, contenders: results };
}

/** Each contender comes first equally often, and follows each neighbour from both sides. */
function inTurn<T>(all: readonly T[], round: number): T[] {
  const start = round % all.length;
  const turned = [...all.slice(start), ...all.slice(0, start)];
  return round % 2 === 0 ? turned : turned.reverse();
}

async function time<Input>(contender: Contender<Input>, input: Input, expected: number): Promise<number> {
  const run = await contender.prepare(input);
  // What the contender before has left is not for this one to clear away. Full collections would also make V8 drop code
  // that has not run for some of them, which is all code of a contender that waits for its turn.
  globalThis.gc?.({ type: "minor" });
  const start = performance.now();
  const outcome = await run();
  const elapsed = performance.now() - start;
  await contender.settle?.();
  const { results, milliseconds } = typeof outcome === "number" ? { results: outcome, milliseconds: elapsed } : outcome;
  if (results !== expected) throw new Error(`${contender.name} had ${results} results instead of ${expected}`);
  return milliseconds;
}

function resultOf({ id, name, role, durability, note }: Contender<never>, microseconds: number[]): ContenderResult {
  return { id, name, role, ...(durability === undefined ? {} : { durability }), note, microseconds };
}
