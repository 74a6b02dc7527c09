import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { run } from "../../dist/cli.js";

/** The compiled command, as npm would link it. */
export const BIN: string = join(import.meta.dirname, "../../dist/main.js");

export interface Outcome {
  code: number | null;
  stdout: string;
  /** The same, exact. */
  bytes: Buffer;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  /** What its stdin brings. Default: nothing. */
  input?: string | Uint8Array;
  env?: Record<string, string>;
  /** For Node itself. */
  nodeArgs?: string[];
  bin?: string;
}

export type Started = ChildProcessByStdio<Writable, Readable, Readable>;

/** Runs the command in a process of its own, to its end. */
export async function holdfast(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = start(args, options);
  child.stdin.on("error", () => "a command that does not read its stdin closes it");
  child.stdin.end(options.input ?? "");
  return outcomeOf(child);
}

/** Runs the command in this process, to its end: many times cheaper, and the same but for what is the process's own. */
export async function holdfastHere(args: readonly string[], input: string | Uint8Array = ""): Promise<Outcome> {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout, stderr };
  const code = await run(args, streams, new AbortController().signal);
  return { code, stdout: stdout.bytes.toString(), bytes: stdout.bytes, stderr: stderr.bytes.toString() };
}

/** Keeps what is written, as a pipe without a terminal at its end. */
class Sink extends Writable {
  readonly #chunks: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }
}

/** Starts the command; stdin stays open. */
export function start(args: readonly string[], { cwd, env = {}, nodeArgs = [], bin = BIN }: RunOptions = {}): Started {
  return spawn(process.execPath, [...nodeArgs, bin, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

export async function outcomeOf(child: Started): Promise<Outcome> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const bytes = Buffer.concat(stdout);
  return { code, stdout: bytes.toString(), bytes, stderr: Buffer.concat(stderr).toString() };
}
