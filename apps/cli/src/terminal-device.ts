import { closeSync, openSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";
import { ReadStream } from "node:tty";

/** Where somebody reads a question and types the answer. */
export interface Terminal {
  readonly input: Readable & { setRawMode?(mode: boolean): unknown };
  readonly output: { write(text: string): unknown };
  close(): void;
}

/**
 * The terminal that the process was started from, whatever its streams are bound to; undefined where there is none, as for services and
 * jobs, and on Windows, where no path leads to it.
 */
export function openTerminal(): Terminal | undefined {
  if (process.platform === "win32") return undefined;
  const [reading, writing] = [opened("r"), opened("w")];
  if (reading === undefined || writing === undefined) {
    for (const descriptor of [reading, writing]) if (descriptor !== undefined) closeSync(descriptor);
    return undefined;
  }
  const input = new ReadStream(reading);
  return {
    input,
    output: { write: (text) => writeSync(writing, text) },
    close() {
      input.destroy();
      closeSync(writing);
    },
  };
}

function opened(mode: "r" | "w"): number | undefined {
  try {
    return openSync("/dev/tty", mode);
  } catch {
    return undefined;
  }
}
