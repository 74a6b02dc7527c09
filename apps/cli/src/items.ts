import type { StorageItem } from "@holdfast/core";
import type { CommandContext } from "./command-context.js";
import { formatBytes } from "./terminal/index.js";
import { showControls } from "./terminal/width.js";

/** Prints items as they come: keys alone, or a line of details each; with --json one document, `{ "items": [...] }`. */
export async function printItems(
  { out, json }: CommandContext,
  items: AsyncIterable<StorageItem> | Iterable<StorageItem>,
  { long = false, more = {} }: { long?: boolean; more?: object } = {},
): Promise<number> {
  let count = 0;
  if (json) await out.text('{\n  "items": [');
  for await (const item of items) {
    if (json) await out.text(`${count === 0 ? "" : ","}\n    ${JSON.stringify(item)}`);
    else await out.line(long ? longLine(item) : item.key);
    count++;
    if (out.isClosed) break;
  }
  if (json) {
    const rest = Object.entries(more).map(([name, value]) => `,\n  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
    await out.line(`${count === 0 ? "" : "\n  "}]${rest.join("")}\n}`);
  }
  return count;
}

/** Size, time of the last change (UTC), format, key, tags: what is of one width first. */
function longLine({ size, modified, format, key, tags }: StorageItem): string {
  const time = modified.toISOString().replace(/\.\d+Z$/, "Z");
  const labels = tags.length === 0 ? "" : `  [${tags.map(showControls).join(", ")}]`;
  return `${formatBytes(size).padStart(8)}  ${time}  ${format.padEnd(6)}  ${key}${labels}`;
}
