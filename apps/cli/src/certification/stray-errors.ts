import { inspect } from "node:util";

/** What was thrown outside of any call since it was asked last, in words. Those errors end the process no more until `stop`. */
export interface StrayErrors {
  take(): Promise<string[]>;
  stop(): void;
}

/**
 * Listens to what nobody catches: a rejection that is not waited for, an event that throws. Without that an adapter which has one would
 * end the process, and with it the report on everything else.
 */
export function listenForStrayErrors(): StrayErrors {
  let strays: string[] = [];
  const hear = (error: unknown) => void strays.push(told(error));
  process.on("uncaughtException", hear).on("unhandledRejection", hear);
  return {
    async take() {
      // Of a rejection Node tells once the turn in which it came is over.
      await new Promise((resolve) => setImmediate(resolve));
      const taken = strays;
      strays = [];
      return taken;
    },
    stop: () => void process.off("uncaughtException", hear).off("unhandledRejection", hear),
  };
}

/** With its place, which no call leads to. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  const [, place] = /^\s+(at .+)$/m.exec(error.stack ?? "") ?? [];
  return place === undefined ? error.message : `${error.message}, ${place}`;
}
