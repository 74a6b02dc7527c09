import type { Readable, Writable } from "node:stream";
import type { StorageEngine, StorageSettings } from "@holdfast/core";
import { openStore } from "holdfast";
import { type Advice, CommandError } from "./failure.js";
import type { Output } from "./output.js";
import { isThere } from "./store-at.js";
import type { ProgressView } from "./terminal/index.js";
import type { Terminal } from "./terminal-device.js";

/** What every command works with. */
export interface CommandContext {
  readonly out: Output;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** What a pipe brings is what the command keeps, and no answer to a question. Default: false. */
  readonly stdinIsData?: boolean;
  /** The terminal that the command was started from, whatever stdin is; undefined where there is none. */
  readonly openTerminal: () => Terminal | undefined;
  /** For questions: what is asked there is no part of an answer. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Print one JSON document on stdout and nothing else. */
  readonly json: boolean;
  /** Say nothing beyond what was asked for. */
  readonly quiet: boolean;
  /**
   * For commands that run what others wrote. Ends the process where something still keeps it when the command is done, and says
   * `why` on stderr. It does nothing to a process that runs more than this command.
   */
  readonly endThoughKept: (why: Advice | undefined) => void;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly progress: ProgressView;
}

/** Prints what a command was asked for: as JSON when that was asked for, else in words. */
export async function answer(context: CommandContext, value: unknown, lines: readonly string[]): Promise<void> {
  await report({ ...context, quiet: false }, value, lines);
}

/**
 * Prints what a command did: as JSON when that was asked for, else in words. `summary` is left out with --quiet; `wrong`, which names
 * what is not well and comes first, is not.
 */
export async function report(
  context: CommandContext,
  value: unknown,
  summary: readonly string[],
  wrong: readonly string[] = [],
): Promise<void> {
  if (context.json) return context.out.json(value);
  for (const line of context.quiet ? wrong : [...wrong, ...summary]) await context.out.line(line);
}

/** Opens a store that must be there: reading must not leave an empty store behind a misspelt name. `maker`: a command that makes one. */
export async function openExisting(
  store: string,
  settings?: StorageSettings,
  maker = `holdfast import FROM-DIR ${store}`,
): Promise<StorageEngine> {
  if (await isThere(store)) return openStore(store, settings);
  throw new CommandError("NOT_FOUND", `there is no store at ${store}`, `another path, or \`${maker}\` to make one`);
}

/** Opens a store, making it where there is none. */
export async function openOrCreate(store: string, settings?: StorageSettings): Promise<StorageEngine> {
  // For what it says of a URL that means nothing.
  await isThere(store);
  return openStore(store, settings);
}
