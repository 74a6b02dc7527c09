import { Command } from "commander";
import type { CommandContext } from "../command-context.js";

/** Runs the work of a command with its context; what it throws becomes the exit code and a message. */
export type Perform = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

export interface Example {
  command: string;
  does: string;
}

/** A command with its examples behind its help. */
export function describeCommand(nameAndArguments: string, summary: string, examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(({ command }) => command.length));
  const lines = examples.map(({ command, does }) => `  ${command.padEnd(width)}  # ${does}`);
  const [name, ...parameters] = nameAndArguments.split(" ");
  const command = new Command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  return parameters.length === 0 ? command : command.arguments(parameters.join(" "));
}
