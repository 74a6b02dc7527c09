import type { Difference } from "@holdfast/core";
import type { Command } from "commander";
import { answer, openExisting, report } from "../command-context.js";
import { chooseVersion, keptVersions } from "../kept-versions.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { type Style, styleFor } from "../terminal/index.js";
import { showControls } from "../terminal/width.js";
import { describeCommand, type Perform } from "./command.js";

export function diffCommand(perform: Perform): Command {
  return describeCommand("diff <store> <key> [from] [to]", "show how the value of one version became that of another", [
    { command: "holdfast diff sqlite:./app.db settings", does: "the last change: from 1 to 0, what stands" },
    {
      command: "holdfast diff sqlite:./app.db settings 3 1",
      does: "between two versions, as `holdfast log` names them",
    },
    { command: "holdfast diff sqlite:./app.db settings 1 --json", does: "path, before and after of each place" },
  ])
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .action((store: string, key: string, from: string | undefined, to: string | undefined, flags: KeysFlags) =>
      perform(async (context) => {
        const { signal } = context;
        await using storage = await openExisting(store, keysSettings(context, flags));
        const kept = await keptVersions(storage, key, { signal });
        const versions = {
          from: chooseVersion(kept, key, store, from ?? "1"),
          to: chooseVersion(kept, key, store, to ?? "0"),
        };
        const differences = await storage.diff(key, versions.from, versions.to, { signal });
        const lines = differences.map((difference) => lineOf(difference, styleFor(process.stdout)));
        if (lines.length > 0 || context.json) {
          await answer(context, { ...versions, differences }, lines);
        } else {
          await report(context, undefined, ["the two values are equal"]);
        }
      }),
    );
}

function lineOf({ path, type, before, after }: Difference, style: Style): string {
  const place = showControls(pathText(path));
  const [old, now] = [before, after].map((value) => showControls(JSON.stringify(value) ?? ""));
  if (type === "added") return style.green(`+ ${place}: ${now}`);
  if (type === "removed") return style.red(`- ${place}: ${old}`);
  return style.yellow(`~ ${place}: ${old} → ${now}`);
}

/** `windows[2].title`; names that are no plain words stand in quotes: `["a b"]`. The value as a whole is `.`. */
function pathText(path: Difference["path"]): string {
  if (path.length === 0) return ".";
  const text = path.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    return /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return text.join("").replace(/^\./, "");
}
