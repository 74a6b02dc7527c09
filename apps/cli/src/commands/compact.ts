import type { StorageInfo } from "@holdfast/core";
import type { Command } from "commander";
import { openExisting, report } from "../command-context.js";
import { formatBytes } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";

export function compactCommand(perform: Perform): Command {
  return describeCommand("compact <store>", "give the room that deleted items held back to the disk", [
    { command: "holdfast compact sqlite:./app.db", does: "needs twice the room of the new store, for a moment" },
  ]).action((store: string) =>
    perform(async (context) => {
      const { signal } = context;
      await using storage = await openExisting(store);
      const before = sizeOf(await storage.getInfo({ signal }));
      await storage.compact({ signal });
      const after = sizeOf(await storage.getInfo({ signal }));
      const sizes = before === undefined || after === undefined ? undefined : { before, after };
      const told = sizes && ` from ${formatBytes(sizes.before)} to ${formatBytes(sizes.after)}`;
      await report(context, { compacted: store, ...sizes }, [`compacted ${store}${told ?? ""}`]);
    }),
  );
}

/** What the store takes on the disk, where its adapter tells. */
function sizeOf({ details: { fileSize, logSize } }: StorageInfo): number | undefined {
  return typeof fileSize === "number" && typeof logSize === "number" ? fileSize + logSize : undefined;
}
