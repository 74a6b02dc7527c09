import type { SaveOptions } from "@holdfast/core";
import type { Command } from "commander";
import { collect, parseMetadata } from "../option-values.js";

/** What `put` and `import` have in common. */
export interface SaveFlags {
  tag?: string[];
  metadata?: string[];
  compress?: true;
}

export function addSaveFlags(command: Command): Command {
  return command
    .option("-t, --tag <tag>", "tag it; may be given several times", collect)
    .option(
      "-m, --metadata <name=value>",
      "attach metadata; JSON where it is JSON, else text; may be given several times",
      collect,
    )
    .option("--compress", "gzip values where that makes them smaller");
}

export function saveOptionsOf({
  tag,
  metadata,
  compress,
}: SaveFlags): Pick<SaveOptions, "tags" | "metadata" | "compress"> {
  return {
    ...(tag === undefined ? {} : { tags: tag }),
    ...(metadata === undefined ? {} : { metadata: parseMetadata(metadata) }),
    ...(compress === undefined ? {} : { compress }),
  };
}
