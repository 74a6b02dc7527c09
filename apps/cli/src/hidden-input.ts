import type { CommandContext } from "./command-context.js";
import { CommandError, UsageError } from "./failure.js";

type Terminal = CommandContext["stdin"] & { setRawMode?(mode: boolean): unknown };

const ENTER = /[\r\n]/;
const BACKSPACE = new Set(["\u007f", "\b"]);
const INTERRUPT = "\u0003";
const END = "\u0004";
// What is piped is one secret, no stream of data.
const MOST_BYTES = 64 * 1024;

/**
 * Asks for a secret without showing what is typed; where input is no terminal, takes what is piped, without the line's end at its end. Never
 * from arguments: those stand in the shell's history and in every list of processes.
 */
export async function askHidden(context: CommandContext, question: string): Promise<string> {
  const { stdin, stderr } = context;
  const answer = stdin.isTTY === true ? await typed(stdin, stderr, question, context.signal) : await piped(stdin);
  if (answer === "") throw new UsageError("nothing was given: type it, or pipe it in");
  return answer;
}

async function piped(stdin: Terminal): Promise<string> {
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

function typed(
  stdin: Terminal,
  stderr: CommandContext["stderr"],
  question: string,
  signal: AbortSignal,
): Promise<string> {
  stderr.write(`${question}: `);
  stdin.setRawMode?.(true);
  stdin.setEncoding("utf8");
  return new Promise((resolve, reject) => {
    let text = "";
    const end = (settle: () => void) => {
      stdin.off("data", take).off("end", stopped).pause();
      signal.removeEventListener("abort", stopped);
      stdin.setRawMode?.(false);
      stderr.write("\n");
      settle();
    };
    const stopped = () => end(() => reject(new CommandError("ABORTED", "interrupted", "again")));
    const take = (typed: string) => {
      for (const character of typed) {
        if (character === INTERRUPT) return stopped();
        if (character === END || ENTER.test(character)) return end(() => resolve(text));
        if (BACKSPACE.has(character)) text = Array.from(text).slice(0, -1).join("");
        else text += character;
      }
    };
    stdin.on("data", take).once("end", stopped).resume();
    signal.addEventListener("abort", stopped, { once: true });
  });
}
