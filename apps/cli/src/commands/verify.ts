import type { RepairReport, StorageEngine, VerifyReport } from "@holdfast/core";
import type { Command } from "commander";
import { type CommandContext, openExisting, report as print } from "../command-context.js";
import { CommandError } from "../failure.js";
import { KEYS_FLAG, keysSettings } from "../keys-from.js";
import { countOf, formatBytes } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";
import { problemLine } from "./problem-line.js";

interface VerifyFlags {
  repair?: boolean;
  keys?: string;
}

export function verifyCommand(perform: Perform): Command {
  return describeCommand("verify <store> [prefix]", "read everything back and check it", [
    { command: "holdfast verify sqlite:./app.db", does: "every item against its checksum, and the file itself" },
    {
      command: "holdfast verify sqlite:./app.db --repair",
      does: "and mend what can be mended without losing anything",
    },
  ])
    .option("--repair", "mend what can be mended without losing anything")
    .option(KEYS_FLAG[0], `decrypt what is encrypted too; ${KEYS_FLAG[1]}`)
    .action((store: string, prefix: string | undefined, { repair = false, keys }: VerifyFlags) =>
      perform(async (context) => {
        await using storage = await openExisting(store, keysSettings(context, keys));
        const verified = await verify(context, storage, prefix ?? "");
        context.progress.end();
        const repaired = repair && !verified.ok ? await storage.repair({ signal: context.signal }) : undefined;
        const { items, bytes, problems } = verified;
        await print(context, repaired === undefined ? verified : { ...verified, repair: repaired }, [
          ...problems.map(problemLine),
          ...(repaired === undefined ? [] : repairLines(repaired)),
          `verified ${countOf(items, "item")}, ${formatBytes(bytes)}: ${verified.ok ? "all is well" : countOf(problems.length, "problem")}`,
        ]);
        const remaining = repaired?.remaining ?? problems;
        if (remaining.length === 0) return;
        throw new CommandError(
          "CORRUPT",
          `${countOf(remaining.length, "problem")} in ${store}`,
          advice(remaining),
          remaining[0]?.key,
        );
      }),
    );
}

function verify({ signal, progress }: CommandContext, storage: StorageEngine, prefix: string): Promise<VerifyReport> {
  return storage.verify(prefix, { signal, onProgress: (state) => progress.update(state) });
}

function repairLines({ repaired, remaining }: RepairReport): string[] {
  return [`mended ${countOf(repaired.length, "problem")}, ${remaining.length} remain`];
}

function advice(problems: VerifyReport["problems"]): string {
  return problems.some(({ repairable }) => repairable)
    ? "--repair, which mends some of them and loses nothing"
    : "restore these items from a copy, or delete them with `holdfast rm`";
}
