import { checkKey, type StorageEngine } from "@holdfast/core";
import naughtyStrings from "big-list-of-naughty-strings/blns.json" with { type: "json" };

const MiB = 2 ** 20;

/** Keys that backends would rather not see, beside those of the well-known list. */
const AWKWARD: readonly string[] = [
  ..."CON con PRN.txt a a/b a/b/c a.json a.meta a.meta.json trailing. item Item ITEM é é %2F C:\\x * ? | $HOME".split(
    " ",
  ),
  ...[
    "trailing ",
    " leading",
    "\ue000",
    "\u{10ffff}",
    "👩‍👩‍👧‍👦",
    "__proto__",
    `${"deep/".repeat(40)}leaf`,
    "w".repeat(300),
    "k".repeat(1_024),
  ],
];

export interface CorpusOptions {
  /** Bytes of the largest body. */
  readonly largest: number;
  /** Every naughty key, or the awkward ones and a tenth of the list: where each call is slow. */
  readonly keys: "all" | "few";
  /** Keep earlier versions of some items. */
  readonly history: boolean;
}

/** Saves items of every kind: keys, formats, sizes, compression, tags, metadata, expiration, a collection's marks, versions. */
export async function fillCorpus(storage: StorageEngine, { largest, keys, history }: CorpusOptions): Promise<number> {
  let items = 0;
  const save = async (...call: Parameters<StorageEngine["save"]>) => {
    await storage.save(...call);
    items++;
  };
  for (const [index, key] of naughtyKeys(keys).entries()) {
    const options = {
      tags: [`t${index % 5}`, key.slice(0, 20)].filter(isTag),
      metadata: { index, text: key.slice(0, 50) },
    };
    if (history && index % 25 === 0)
      for (const earlier of [1, 2]) await storage.save(key, { earlier }, { tags: [`v${earlier}`] });
    await save(key, { index, text: key }, index % 3 === 0 ? options : {});
  }
  for (const size of sizesUpTo(largest)) {
    await save(`sizes/${size}`, bytesOf(size), { compress: size % 2 === 1, metadata: { size } });
  }
  const value = {
    yes: "yes",
    number: "1e3",
    date: "2020-01-01",
    nested: [{ a: null }, true, 1.5, "\u2028"],
    long: "x".repeat(3_000),
  };
  for (const format of ["json", "yaml"] as const) {
    for (const compress of [false, true]) await save(`formats/${format}-${compress}`, value, { format, compress });
  }
  await save("empty/text", "");
  await save("empty/object", {});
  await save("expires", "in a year", { expiration: new Date(Date.now() + 31_536_000_000) });
  await storage.save("expired", "by now", { expiration: new Date(Date.now() + 1) });
  await storage.save("deleted", 1);
  await storage.delete("deleted");
  return items;
}

function naughtyKeys(which: CorpusOptions["keys"]): string[] {
  const listed = naughtyStrings.filter((_, index) => which === "all" || index % 10 === 0);
  return [...new Set([...AWKWARD, ...listed])].filter((key) => {
    try {
      return checkKey(key) === key;
    } catch {
      return false;
    }
  });
}

function isTag(text: string): boolean {
  return text !== "" && text.isWellFormed();
}

/** Around every border: a chunk, what streams from, what a row holds. */
function sizesUpTo(largest: number): number[] {
  const sizes = [0, 1, 1_023, 65_536, 65_537, MiB - 1, MiB, MiB + 1, 4 * MiB - 1, 4 * MiB + 3, 8 * MiB, 64 * MiB];
  return sizes.filter((size) => size <= largest);
}

function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = size + 1;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Half of it can be compressed.
    bytes[index] = index & 1 ? state >>> 24 : 7;
  }
  return bytes;
}
