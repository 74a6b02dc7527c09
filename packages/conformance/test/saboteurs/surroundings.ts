import type { Saboteur } from "./saboteur.js";

/** Faults in opening, watching and what an adapter says of itself. */
export const surroundingSaboteurs: readonly Saboteur[] = [
  {
    fault: "forgets the greatest version when it is opened again",
    caughtBy: {
      theme: "versions",
      case: "versions go on upwards after reopening with the clock set back, also over deleted items",
    },
    plant: (sound) => ({
      async open(context) {
        await sound.open(context);
        return { lastVersion: undefined };
      },
    }),
  },
  {
    fault: "tells of every change twice",
    caughtBy: { theme: "watch", case: "tells of each committed write exactly once, in order for each key" },
    plant: (sound) => ({
      watch(listener) {
        const twice: typeof listener = (change) => {
          listener(change);
          listener(change);
        };
        return sound.watch?.(twice) ?? (() => undefined);
      },
    }),
  },
  {
    fault: "goes on telling of changes after it was asked to stop",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "watch tells of each commit exactly once, until it is let go",
    },
    plant: (sound) => ({
      async watch(listener) {
        await sound.watch?.(listener);
        return () => undefined;
      },
    }),
  },
  {
    fault: "has a method that it does not declare",
    caughtBy: { theme: "capabilities", case: "what is declared is there, and what is there is declared" },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, batch: "none" } }),
  },
  {
    fault: "declares a feature that it does not have",
    caughtBy: { theme: "capabilities", case: "what is declared is there, and what is there is declared" },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, query: "native" } }),
  },
  {
    fault: "takes any error for one of its own",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "classify knows its own errors only, and throws at none",
    },
    plant: () => ({ classify: () => ({ code: "UNAVAILABLE", message: "something went wrong" }) }),
  },
];
