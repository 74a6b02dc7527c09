import { type Change, checkPrefix, isVersion, type StorageEngine, StorageError, versionTime } from "@holdfast/core";
import type { Command } from "commander";
import { type CommandContext, openExisting } from "../command-context.js";
import { CommandError, UsageError } from "../failure.js";
import { PREFIX_FLAG, type PrefixFlags, prefixOf } from "../prefix.js";
import { describeCommand, type Perform } from "./command.js";

interface WatchFlags extends PrefixFlags {
  since?: string;
  all?: true;
  follow: boolean;
}

/** Milliseconds: as long as a timer can be. */
const LONG = 2 ** 31 - 1;

export function watchCommand(perform: Perform): Command {
  return describeCommand("watch <store> [prefix]", "print changes as they come, until Ctrl-C", [
    { command: "holdfast watch sqlite:./app.db", does: "every key, from now on" },
    { command: "holdfast watch sqlite:./app.db notes/ --json", does: "a line of JSON for each change" },
    { command: "holdfast watch sqlite:./app.db --since CURSOR", does: "go on where an earlier watch ended" },
    { command: "holdfast watch sqlite:./app.db --all --no-follow", does: "all that the store remembers, then end" },
  ])
    .option(...PREFIX_FLAG)
    .option("--since <cursor>", "begin behind this change: its cursor, as --json prints it")
    .option("--all", "begin as far back as the store remembers")
    .option("--no-follow", "end when all that has happened is told")
    .action((store: string, placed: string | undefined, flags: WatchFlags) =>
      perform(async (context) => {
        const prefix = prefixOf(placed, flags);
        if (flags.all && flags.since !== undefined) throw new UsageError("--all and --since rule each other out");
        if (!flags.follow && !flags.all && flags.since === undefined) {
          throw new UsageError("--no-follow tells what has happened already: say from where on, by --since or --all");
        }
        await using storage = await openExisting(store);
        await watch(context, storage, new Reader(context, storage, prefix ?? "", flags.since), flags);
      }),
    );
}

async function watch(
  context: CommandContext,
  storage: StorageEngine,
  reader: Reader,
  { all, follow }: WatchFlags,
): Promise<void> {
  const { signal, json, quiet, out } = context;
  try {
    if (follow) await followChanges(context, storage, reader, all ?? false);
    else await reader.readOn();
  } catch (error) {
    if (StorageError.is(error) && error.resync) throw tooOld(error);
    // Ctrl-C is how following ends.
    if (!(follow && signal.aborted)) throw error;
  }
  if (out.isTerminal && !json && !quiet && reader.cursor !== undefined) {
    await out.line(`(go on from here with --since ${reader.cursor})`);
  }
}

/**
 * What comes by `watch` only tells that there is something to read; what is printed comes from the feed, from the last cursor
 * on. So nothing is printed twice or left out, whatever happens between reading and waiting.
 */
async function followChanges(
  { signal, out }: CommandContext,
  storage: StorageEngine,
  reader: Reader,
  all: boolean,
): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => stopped.resolve(), { once: true });
  let news = Promise.withResolvers<void>();
  const unwatch = await storage.watch("", () => news.resolve());
  // A store that only watches lets the process end.
  const awake = setInterval(() => undefined, LONG);
  try {
    if (!all) reader.cursor ??= (await storage.getInfo({ signal })).cursor;
    for (;;) {
      await reader.readOn();
      if (signal.aborted || out.isClosed) return;
      await Promise.race([news.promise, stopped.promise]);
      news = Promise.withResolvers();
    }
  } finally {
    clearInterval(awake);
    await unwatch();
  }
}

/** Prints the changes below a prefix, and knows how far it has come. */
class Reader {
  cursor: string | undefined;
  readonly #context: CommandContext;
  readonly #storage: StorageEngine;
  readonly #prefix: string;

  constructor(context: CommandContext, storage: StorageEngine, prefix: string, since: string | undefined) {
    this.#context = context;
    this.#storage = storage;
    this.#prefix = checkPrefix(prefix);
    this.cursor = since;
  }

  /** Prints what has happened since, up to now. */
  async readOn(): Promise<void> {
    const { out, json, signal } = this.#context;
    for await (const change of this.#storage.changes(this.cursor, { signal })) {
      if (change.key.startsWith(this.#prefix)) await out.line(json ? JSON.stringify(change) : lineOf(change));
      this.cursor = change.cursor;
      if (out.isClosed) return;
    }
    await out.flush();
  }
}

/** The time is that of the version: when the write was made, in UTC. */
function lineOf({ type, key, version }: Change): string {
  const time = isVersion(version) ? new Date(versionTime(version)).toISOString() : "";
  return `${time}  ${type.padEnd(6)}  ${key}`;
}

function tooOld({ message }: StorageError): CommandError {
  return new CommandError(
    "NOT_FOUND",
    message,
    "--all for what is left, or read everything anew, and begin without --since",
  );
}
