import { type ComparedItem, compareStores, type StorageEngine } from "@holdfast/core";
import type { CommandContext } from "./command-context.js";
import { CommandError, IncompleteError } from "./failure.js";
import { countOf, formatCount } from "./terminal/index.js";

export interface CompareWork {
  readonly prefix: string;
  /** Read the bodies. */
  readonly content: boolean;
  /** Leave out the lines of items that are equal. */
  readonly differences: boolean;
}

/** As rclone's check prints them: what is missing is missing on that side. */
const SIGNS: Readonly<Record<ComparedItem["result"], string>> = {
  equal: "=",
  "only-in-second": "-",
  "only-in-first": "+",
  different: "*",
  unreadable: "!",
};

type Counts = Record<ComparedItem["result"], number>;

/** Compares two stores and prints a line for each key, or one JSON document with all that differs. Resolves to how many keys were compared. */
export async function printComparison(
  context: CommandContext,
  first: StorageEngine,
  second: StorageEngine,
  { prefix, content, differences }: CompareWork,
): Promise<number> {
  const { out, json, quiet, signal, progress } = context;
  const counts: Counts = { equal: 0, "only-in-first": 0, "only-in-second": 0, different: 0, unreadable: 0 };
  let listed = 0;
  if (json) await out.text('{\n  "items": [');
  for await (const item of compareStores(first, second, {
    prefix,
    content,
    signal,
    progress: progress.listener,
  })) {
    counts[item.result]++;
    if (json) {
      if (item.result !== "equal") await out.text(`${listed++ === 0 ? "" : ","}\n    ${JSON.stringify(item)}`);
    } else if (item.result !== "equal" || !(differences || quiet)) await out.line(lineOf(item));
  }
  progress.end();
  const { equal, different, unreadable } = counts;
  const unequal = different + unreadable + counts["only-in-first"] + counts["only-in-second"];
  // Nothing that was asked for is there: nothing is known to be well.
  const ok = unequal === 0 && (equal > 0 || prefix === "");
  if (json) {
    const total = {
      ok,
      equal,
      onlyInFirst: counts["only-in-first"],
      onlyInSecond: counts["only-in-second"],
      different,
      unreadable,
    };
    const rest = Object.entries(total).map(([name, value]) => `,\n  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
    await out.line(`${listed === 0 ? "" : "\n  "}]${rest.join("")}\n}`);
  } else if (!quiet) await out.line(summary(counts));
  if (unreadable > 0) {
    throw new CommandError(
      "CORRUPT",
      `${countOf(unreadable, "item")} could not be read`,
      "`holdfast verify` of that store",
    );
  }
  if (unequal > 0)
    throw new IncompleteError("the two stores differ", "`holdfast migrate`, which copies what is missing");
  return equal;
}

function lineOf(item: ComparedItem): string {
  const { key, result } = item;
  const sign = `${SIGNS[result]} ${key}`;
  if (item.result === "different") return `${sign}  (${item.differences.join(", ")})`;
  return item.result === "unreadable" ? `${sign}  (${item.side}: ${item.code}: ${item.message})` : sign;
}

function summary(counts: Counts): string {
  const parts = [
    `${formatCount(counts.equal)} equal`,
    `${formatCount(counts["only-in-first"])} only in the first`,
    `${formatCount(counts["only-in-second"])} only in the second`,
    `${formatCount(counts.different)} different`,
    `${formatCount(counts.unreadable)} unreadable`,
  ];
  return `compared: ${parts.join(", ")}`;
}
