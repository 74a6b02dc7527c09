import type { StorageItem } from "@holdfast/core";
import type { Command } from "commander";
import { answer, openExisting } from "../command-context.js";
import { CommandError } from "../failure.js";
import { type KeptVersions, keptVersions } from "../kept-versions.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { formatBytes } from "../terminal/index.js";
import { showControls } from "../terminal/width.js";
import { describeCommand, type Perform } from "./command.js";

export function logCommand(perform: Perform): Command {
  return describeCommand("log <store> <key>", "list the versions of a key, newest first", [
    {
      command: "holdfast log sqlite:./app.db settings",
      does: "what stands is 0, and what was before it 1, 2 and so on",
    },
    { command: "holdfast log sqlite:./app.db settings --json", does: "with tags, metadata and checksums" },
  ])
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .action((store: string, key: string, flags: KeysFlags) =>
      perform(async (context) => {
        await using storage = await openExisting(store, keysSettings(context, flags));
        const kept = await keptVersions(storage, key, { signal: context.signal });
        if (kept.standing === undefined && kept.previous.length === 0) {
          throw new CommandError(
            "NOT_FOUND",
            `there is no version of ${JSON.stringify(key)} in ${store}`,
            `\`holdfast ls ${store}\`, which lists the keys`,
            key,
          );
        }
        const { standing = null, previous } = kept;
        await answer(context, { standing, previous }, linesOf(kept));
      }),
    );
}

function linesOf({ standing, previous }: KeptVersions): string[] {
  const width = `${previous.length}`.length;
  return [
    ...(standing === undefined ? [] : [line("0", width, standing)]),
    ...previous.map((item, index) => {
      const next = previous[index - 1] ?? standing;
      // What is replaced lives on under the same key; what came later began anew.
      const wasDeleted = next === undefined || next.created >= item.replaced;
      return line(`${index + 1}`, width, item) + (wasDeleted ? `  deleted ${instant(item.replaced)}` : "");
    }),
  ];
}

function line(name: string, width: number, { version, modified, size, format, tags }: StorageItem): string {
  const labels = tags.length === 0 ? "" : `  [${tags.map(showControls).join(", ")}]`;
  const facts = [version, instant(modified), formatBytes(size).padStart(8), format.padEnd(6)];
  return `${name.padEnd(width)}  ${facts.join("  ")}${labels}`.trimEnd();
}

/** In UTC, to the second. */
function instant(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
