import { equal } from "../assert.js";
import { generated } from "../generated.js";
import { singleClients } from "../model/commands.js";
import { concurrentRuns, runConcurrently } from "../model/concurrent-run.js";
import { runCommands } from "../model/single-run.js";
import { racingWriters, type Theme } from "../suite.js";

const SINGLE_RUNS = 25;
const CONCURRENT_RUNS = 15;

/** Generated runs against a model of the contract that is small enough to be believed. */
export const models: Theme = {
  name: "models",
  cases: [
    {
      name: "whatever one client does, the answers are those of the model",
      async run(context) {
        let run = 0;
        await generated(context, SINGLE_RUNS, singleClients, (client) => runCommands(context, `run-${run++}`, client));
      },
    },
    {
      name: "whatever several clients do at once, it could have happened one step after the other",
      needs: racingWriters,
      // Then nothing is promised to several adapters; several views of one storage are one client.
      async otherwise(context) {
        equal(context.capabilities.compareAndSet, "none", "the level of compare-and-set");
      },
      async run(context) {
        let run = 0;
        await generated(context, CONCURRENT_RUNS, concurrentRuns, (input) =>
          runConcurrently(context, `run-${run++}`, input),
        );
      },
    },
  ],
};
