import type { CommandContext } from "./command-context.js";
import { CommandError, UsageError } from "./failure.js";
import { countOf } from "./terminal/index.js";
import type { Terminal } from "./terminal-device.js";

const INTERRUPT = 0x03;
/** What ends an answer: Enter, Ctrl-D, Ctrl-C. No byte of a longer character is one of them. */
const ENDS: ReadonlySet<number> = new Set([0x0a, 0x0d, 0x04, INTERRUPT]);
const BACKSPACE = new Set(["\u007f", "\b"]);
// What is piped is one secret, no stream of data.
const MOST_BYTES = 64 * 1024;

/**
 * Asks for a secret without showing what is typed; where input is no terminal, takes what is piped, without the line's end at its end, or,
 * where that is what the command is to keep, asks on the terminal that the process was started from. Never from arguments: those stand
 * in the shell's history and in every list of processes. `ofPipe`: what it is of all that the pipe brings.
 */
export async function askHidden(
  context: CommandContext,
  question: string,
  ofPipe: () => Promise<string> = () => piped(context),
): Promise<string> {
  const { stdin, stderr, stdinIsData = false } = context;
  const answer =
    stdin.isTTY === true
      ? await typed({ input: stdin, output: stderr }, question, context.signal)
      : stdinIsData
        ? await onTerminal(context, question)
        : await ofPipe();
  if (answer === "") throw new UsageError("nothing was given: type it, or pipe it in");
  return answer;
}

/** As `askHidden`, for what is new: nobody sees what he types, so that he types it once more. What is piped stands once. */
export async function askHiddenTwice(
  context: CommandContext,
  question: string,
  ofPipe?: () => Promise<string>,
): Promise<string> {
  const answer = await askHidden(context, question, ofPipe);
  const isTyped = context.stdin.isTTY === true || context.stdinIsData === true;
  if (isTyped && (await askHidden(context, `${question} once more`)) !== answer) {
    throw new UsageError(`${question}: what was typed the second time is something else`, "again");
  }
  return answer;
}

/** For several questions whose answers one pipe brings: a line for each, in this order. `names`: of what they are, for messages. */
export function linesOfPipe<Name extends string>(
  context: CommandContext,
  names: readonly Name[],
): (name: Name) => Promise<string> {
  let reading: Promise<string[]> | undefined;
  return async (name) => {
    reading ??= piped(context).then((text) => text.split(/\r?\n/));
    const lines = await reading;
    if (lines.length === names.length) return lines[names.indexOf(name)] ?? "";
    const told = `the pipe brought ${countOf(lines.length, "line")}`;
    throw new UsageError(`${told}, and is to bring one for each of ${names.join(" and ")}, in this order`);
  };
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

async function piped({ stdin, signal }: CommandContext): Promise<string> {
  signal.throwIfAborted();
  // A reader that waits for a pipe to bring more does not hear of the signal by itself.
  const stop = () => stdin.destroy(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stdin) {
      const part = Buffer.from(chunk as Uint8Array);
      bytes += part.length;
      if (bytes > MOST_BYTES) throw new UsageError(`a secret has at most ${MOST_BYTES} bytes`);
      chunks.push(part);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return asText(textDecoder(), Buffer.concat(chunks)).replace(/\r?\n$/, "");
}

/** Of what is not UTF-8, other bytes would be the same text. */
function textDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

/** Throws UsageError for what is not UTF-8. `goesOn`: a character may end in the bytes that come next. */
function asText(decoder: TextDecoder, bytes: Uint8Array, goesOn = false): string {
  try {
    return decoder.decode(bytes, { stream: goesOn });
  } catch {
    throw new UsageError(
      "what was given is not text in UTF-8: as it is it cannot be kept, nor open anything",
      "text; of other bytes, their base64",
    );
  }
}

function typed({ input, output }: Omit<Terminal, "close">, question: string, signal: AbortSignal): Promise<string> {
  // Before it is asked: who types at once is not to see it either.
  input.setRawMode?.(true);
  output.write(`${question}: `);
  const decoder = textDecoder();
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
      const last = chunk.findIndex((byte) => ENDS.has(byte));
      if (chunk[last] === INTERRUPT) return stopped();
      try {
        // What comes behind the answer may be bytes.
        for (const character of asText(decoder, last < 0 ? chunk : chunk.subarray(0, last), last < 0)) {
          if (BACKSPACE.has(character)) text = Array.from(text).slice(0, -1).join("");
          else text += character;
        }
      } catch (error) {
        return end(() => reject(error));
      }
      if (last >= 0) end(() => resolve(text));
    };
    input.on("data", take).once("end", stopped).resume();
    signal.addEventListener("abort", stopped, { once: true });
  });
}
