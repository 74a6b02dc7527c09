import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { CommandContext } from "./command-context.js";
import { CommandError, UsageError } from "./failure.js";
import type { Terminal } from "./terminal-device.js";

const ENTER = /[\r\n]/;
const BACKSPACE = new Set(["\u007f", "\b"]);
const INTERRUPT = "\u0003";
const END = "\u0004";
// What is piped is one secret, no stream of data.
const MOST_BYTES = 64 * 1024;

/**
 * Asks for a secret without showing what is typed; where input is no terminal, takes what is piped, without the line's end at its end, or,
 * where that is what the command is to keep, asks on the terminal that the process was started from. Never from arguments: those stand
 * in the shell's history and in every list of processes.
 */
export async function askHidden(context: CommandContext, question: string): Promise<string> {
  const { stdin, stderr, stdinIsData = false } = context;
  const answer =
    stdin.isTTY === true
      ? await typed({ input: stdin, output: stderr }, question, context.signal)
      : stdinIsData
        ? await onTerminal(context, question)
        : await piped(stdin);
  if (answer === "") throw new UsageError("nothing was given: type it, or pipe it in");
  return answer;
}

/** As `askHidden`, for what is new: nobody sees what he types, so that he types it once more. What is piped stands once. */
export async function askHiddenTwice(context: CommandContext, question: string): Promise<string> {
  const answer = await askHidden(context, question);
  const isTyped = context.stdin.isTTY === true || context.stdinIsData === true;
  if (isTyped && (await askHidden(context, `${question} once more`)) !== answer) {
    throw new UsageError(`${question}: what was typed the second time is something else`, "again");
  }
  return answer;
}

async function onTerminal({ openTerminal, signal }: CommandContext, question: string): Promise<string> {
  const terminal = openTerminal();
  if (terminal === undefined) {
    throw new UsageError(
      `${question}: it cannot be asked for, since there is no terminal, and the pipe brings what is to be kept`,
      "in a terminal, with --keys environment, or with what is to be kept in a file",
    );
  }
  try {
    return await typed(terminal, question, signal);
  } finally {
    terminal.close();
  }
}

async function piped(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new UsageError(`a secret has at most ${MOST_BYTES} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

function typed({ input, output }: Omit<Terminal, "close">, question: string, signal: AbortSignal): Promise<string> {
  // Before it is asked: who types at once is not to see it either.
  input.setRawMode?.(true);
  output.write(`${question}: `);
  // Not by the stream's own encoding: what comes behind the answer may be bytes.
  const decoder = new StringDecoder("utf8");
  return new Promise((resolve, reject) => {
    let text = "";
    const end = (settle: () => void) => {
      input.off("data", take).off("end", stopped).pause();
      signal.removeEventListener("abort", stopped);
      input.setRawMode?.(false);
      output.write("\n");
      settle();
    };
    const stopped = () => end(() => reject(new CommandError("ABORTED", "interrupted", "again")));
    const take = (chunk: Buffer) => {
      for (const character of decoder.write(chunk)) {
        if (character === INTERRUPT) return stopped();
        if (character === END || ENTER.test(character)) return end(() => resolve(text));
        if (BACKSPACE.has(character)) text = Array.from(text).slice(0, -1).join("");
        else text += character;
      }
    };
    input.on("data", take).once("end", stopped).resume();
    signal.addEventListener("abort", stopped, { once: true });
  });
}
