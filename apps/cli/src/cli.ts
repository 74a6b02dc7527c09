import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { inspect } from "node:util";
import { Command, CommanderError } from "commander";
import type { CommandContext } from "./command-context.js";
import { certifyCommand } from "./commands/certify.js";
import { cloudCommand } from "./commands/cloud.js";
import type { Perform } from "./commands/command.js";
import { compactCommand } from "./commands/compact.js";
import { diffCommand } from "./commands/diff.js";
import { doctorCommand } from "./commands/doctor.js";
import { exportCommand } from "./commands/export.js";
import { getCommand } from "./commands/get.js";
import { importCommand } from "./commands/import.js";
import { keysCommand } from "./commands/keys.js";
import { logCommand } from "./commands/log.js";
import { lsCommand } from "./commands/ls.js";
import { migrateCommand } from "./commands/migrate.js";
import { putCommand } from "./commands/put.js";
import { restoreCommand } from "./commands/restore.js";
import { rmCommand } from "./commands/rm.js";
import { schemaCommand } from "./commands/schema.js";
import { searchCommand } from "./commands/search.js";
import { secretCommand } from "./commands/secret.js";
import { verifyCommand } from "./commands/verify.js";
import { watchCommand } from "./commands/watch.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { CommandError, describeFailure, type Failure, failureLine, UsageError } from "./failure.js";
import { Output } from "./output.js";
import { registerSupabase } from "./supabase-stores.js";
import { createProgressView, type ProgressView } from "./terminal/index.js";
import { openTerminal, type Terminal } from "./terminal-device.js";

/** Where a run of the command reads and writes. */
export interface Streams {
  stdin: Readable & { readonly isTTY?: boolean };
  stdout: Writable & { readonly isTTY?: boolean };
  stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Where questions go when stdin brings data. Default: nowhere. */
  openTerminal?: () => Terminal | undefined;
  /** As `CommandContext` has it. Default: whoever runs the command goes on after it. */
  endThoughKept?: CommandContext["endThoughKept"];
}

/** Milliseconds in which what was closed may come to its end. */
const GRACE = 1_000;

interface GlobalFlags {
  json?: true;
  quiet?: true;
  verbose?: true;
}

/** Runs the command that this process was started for. */
export async function runProcess(): Promise<void> {
  const interruption = new AbortController();
  let done = false;
  const interrupt = (exitCode: ExitCode) => {
    // After the work, or asked twice: what is left does not come to an end by itself.
    if (done || interruption.signal.aborted) process.exit(exitCode);
    interruption.abort(new Interruption(exitCode));
  };
  process.on("SIGINT", () => interrupt(EXIT.interrupted));
  process.on("SIGTERM", () => interrupt(EXIT.terminated));
  process.stderr.on("error", () => {
    // Nobody reads our messages any more; the work and its exit code stand.
  });
  const { stdin, stdout, stderr } = process;
  let end: (() => void) | undefined;
  const endThoughKept: CommandContext["endThoughKept"] = (why) => {
    end = () => stderr.write(why === undefined ? "" : `${failureLine(why)}\n`, () => process.exit());
  };
  const streams = { stdin, stdout, stderr, openTerminal, endThoughKept };
  process.exitCode = await run(process.argv.slice(2), streams, interruption.signal);
  done = true;
  // The timer itself keeps no process: it goes off only where something else does.
  if (end !== undefined) setTimeout(end, GRACE).unref();
}

/** The reason of an abort, with the exit code that tells of it. */
class Interruption extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super("interrupted");
    this.exitCode = exitCode;
  }
}

/** Runs one command line to its end. Resolves to the exit code; never rejects. */
export async function run(args: readonly string[], streams: Streams, signal: AbortSignal): Promise<ExitCode> {
  registerSupabase();
  const out = new Output(streams.stdout);
  let progress: ProgressView | undefined;
  const program = createProgram(
    async (work) => {
      const { json = false, quiet = false } = program.opts<GlobalFlags>();
      // A dumb terminal cannot redraw a line.
      const redraws = streams.stderr.isTTY === true && process.env["TERM"] !== "dumb";
      const mode = json || quiet ? "none" : redraws ? "bar" : "lines";
      progress = createProgressView({ mode, target: streams.stderr, now: () => performance.now() });
      const { stdin, stderr, openTerminal: terminal = () => undefined, endThoughKept = () => undefined } = streams;
      await work({ out, stdin, openTerminal: terminal, stderr, json, quiet, endThoughKept, signal, progress });
    },
    streams,
    hasFlag(args, "--json"),
  );
  try {
    await program.parseAsync(args, { from: "user" });
    await out.flush();
    return EXIT.ok;
  } catch (error) {
    progress?.abandon();
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const failure = describe(firstOf(error), signal, commandOf(args, program));
    // What was printed so far comes first; where stdout fails too, the failure at hand is the one to tell.
    await Promise.allSettled([out.flush()]);
    // The options may be what could not be read.
    const flags = { json: hasFlag(args, "--json"), verbose: hasFlag(args, "--verbose") || hasFlag(args, "-v") };
    streams.stderr.write(`${messageOf(failure, error, flags)}\n`);
    return failure.exitCode;
  }
}

/** `command` is what was called, as far as it is known: `holdfast keys rotate`. */
function describe(error: unknown, signal: AbortSignal, command: string): Failure {
  const help = `${command} --help`;
  if (error instanceof CommanderError) return describeFailure(toUsageError(error, command), help);
  if (!signal.aborted) return describeFailure(error, help);
  // However the interruption came through, it is no fault.
  const told = error instanceof CommandError ? error : new CommandError("ABORTED", "interrupted", "again");
  const exitCode = signal.reason instanceof Interruption ? signal.reason.exitCode : EXIT.interrupted;
  return { ...describeFailure(told, help), exitCode };
}

/** What went wrong first, where closing the store went wrong after it. */
function firstOf(error: unknown): unknown {
  return error instanceof Error && "suppressed" in error ? firstOf(error.suppressed) : error;
}

/** "error: unknown option '--lmit'\n(Did you mean --limit?)" in our own form. */
function toUsageError({ code, message }: CommanderError, command: string): UsageError {
  if (code === "commander.help") return new UsageError("a command is needed");
  const [first = "", suggestion] = message.replace(/^error: /, "").split("\n");
  const prefix = code === "commander.unknownCommand" ? `${command} ` : "";
  const meant = /Did you mean (?:one of )?(.+)\?/.exec(suggestion ?? "")?.[1];
  return new UsageError(first.replace(/\.$/, ""), meant === undefined ? undefined : prefix + meant);
}

function messageOf(failure: Failure, error: unknown, { json, verbose }: { json: boolean; verbose: boolean }): string {
  // Everything that was thrown, with its causes.
  const stack = verbose ? inspect(error) : undefined;
  if (json) return JSON.stringify({ error: stack === undefined ? failure : { ...failure, stack } });
  return stack === undefined ? failureLine(failure) : `${failureLine(failure)}\n${stack}`;
}

/** The first word decides, and the second where the first is a group: no option that may stand before them takes a value. */
function commandOf(args: readonly string[], program: Command): string {
  const path = ["holdfast"];
  let at: Command | undefined = program;
  for (const word of args.filter((arg) => !arg.startsWith("-"))) {
    at = at.commands.find((command) => command.name() === word);
    if (at === undefined) break;
    path.push(word);
  }
  return path.join(" ");
}

/** `json`: of what fails, nothing but one line of JSON is told. */
function createProgram(perform: Perform, { stdout, stderr }: Streams, json: boolean): Command {
  const program = new Command("holdfast")
    .description("Looks into Holdfast stores, moves them and checks them.")
    .version(readVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .helpCommand("help [command]", "explain a command")
    .option("--json", "print one JSON document on stdout, and errors as JSON on stderr")
    .option("-q, --quiet", "print only what was asked for, and what is wrong: no progress, no summary")
    .option("-v, --verbose", "print the stack and the causes of an error")
    .addHelpText("after", STORES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // The help of a command that needs one below it.
      writeErr: (text) => json || stderr.write(text),
      outputError: () => {
        // Told by `run`, in our own form.
      },
    })
    .exitOverride();
  for (const create of COMMANDS) adopt(program, create(perform));
  return program;
}

/** Adds a command with those below it, which print and fail as the program does. */
function adopt(parent: Command, command: Command): void {
  parent.addCommand(command.copyInheritedSettings(parent));
  for (const child of command.commands) child.copyInheritedSettings(command);
}

const COMMANDS = [
  importCommand,
  exportCommand,
  lsCommand,
  getCommand,
  putCommand,
  rmCommand,
  searchCommand,
  logCommand,
  diffCommand,
  restoreCommand,
  watchCommand,
  migrateCommand,
  schemaCommand,
  keysCommand,
  secretCommand,
  verifyCommand,
  compactCommand,
  doctorCommand,
  cloudCommand,
  certifyCommand,
];

const STORES = `
Stores are named by URLs:
  sqlite:./app.db          one SQLite file; ?durability=process trades safety against power loss for speed
  file:./data              a folder of files that people can read. To open one, even to list it, makes .holdfast/ in it
                           and a .meta.json beside each file; \`holdfast import\` only reads a folder
  supabase:notes?owner=ID  a user's store in the project of SUPABASE_URL, with the secret key in SUPABASE_KEY
  memory:                  a new, empty store that lasts as long as the command

Every command has examples: holdfast <command> --help`;

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

function hasFlag(args: readonly string[], flag: string): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes(flag);
}
