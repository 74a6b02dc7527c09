import type { Saboteur } from "./saboteur.js";

const theme = "capabilities";
const declared = "what is declared is there, and what is there is declared";

/** Faults in what an adapter says of itself and of its errors. */
export const declaringSaboteurs: readonly Saboteur[] = [
  {
    name: "capability over-declared",
    story: "The table says native search; the call fails in production, in the one screen that needs it.",
    caughtBy: { theme, case: declared },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, query: "native" } }),
  },
  {
    name: "capability under-declared",
    story: "Batches are there but not announced: every caller takes the slow way, and nobody tests the fast one.",
    caughtBy: { theme, case: declared },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, batch: "none" } }),
  },
  {
    name: "capability of no known level",
    story: "A level that no version of core knows falls through every comparison.",
    caughtBy: { theme, case: "each has a level that there is, and the limits are sizes" },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, watch: "always" as "process" } }),
  },
  {
    name: "capability that changes",
    story: "What the server offers is asked when it is connected: the choice made before it was another.",
    caughtBy: { theme, case: "they are the same for every adapter of a store, before it is opened, while and after" },
    plant(sound) {
      const capabilities = { ...sound.capabilities };
      return {
        capabilities,
        open(context) {
          capabilities.durability = "process";
          return sound.open(context);
        },
      };
    },
  },
  {
    name: "classify that swallows",
    story: "A programming error is taken for a passing failure and tried again for a minute.",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "classify knows its own errors only, and throws at none",
    },
    plant: () => ({ classify: () => ({ code: "UNAVAILABLE", message: "something went wrong", retryable: true }) }),
  },
  {
    name: "adapter without its own name",
    story: "Errors and reports say Store #1, and nobody can tell which of three backends failed.",
    caughtBy: { theme, case: "name and interface number are as they must be" },
    plant: () => ({ name: "Store #1" }),
  },
];
