import type { RecordHeader } from "../spi/index.js";

/** Counts pages of headers, for somebody who wants to know how much is left. */
export async function sizeOf(
  pages: AsyncIterable<readonly Pick<RecordHeader, "storedSize">[]>,
): Promise<{ readonly items: number; readonly totalBytes: number }> {
  let [items, totalBytes] = [0, 0];
  for await (const page of pages) {
    items += page.length;
    for (const { storedSize } of page) totalBytes += storedSize;
  }
  return { items, totalBytes };
}
