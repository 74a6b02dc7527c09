import { checkKey, StorageError } from "@holdfast/core";
import naughtyStrings from "big-list-of-naughty-strings/blns.json" with { type: "json" };

/** Legal keys that file systems, query languages, URLs or text handling would rather not see. */
export const awkwardKeys: readonly string[] = unique([
  // Names that Windows keeps for itself, and names that other systems treat apart.
  ...split("CON con PRN AUX NUL COM1 LPT9 NUL.txt con/con desktop.ini Thumbs.db .DS_Store ~ ~/file .hidden - -- -rf"),
  // Dots and blanks at the ends.
  ...split("trailing. trailing.. ... a. a/.b a/b. .holdfastx x.holdfast holdfast .holdfast. .HOLDFAST .Holdfast/x"),
  ...["trailing ", " leading", " ", "  ", "a b"],
  // What shells, drives, URLs and query languages read something into.
  ...split(
    "$HOME %USERPROFILE% `id` | < > \" ' '' * ? : ; & # @ C:\\windows \\ \\\\server\\share a\\b a\\/b a:b a:$DATA file:/x ?q=1",
  ),
  ...split(
    "% %2F %2e%2e %00 a%b a_b a__b _ [a] [!a] {a,b} (a) a+b a=b a,b ^a$ \\d a!b ' null undefined NaN true 0 -0 1e3 007",
  ),
  ...["' OR 1=1 --", '"; DROP TABLE items; --', "1", "2", "10"],
  ...split("__proto__ constructor prototype hasOwnProperty toString length a/__proto__/b"),
  // Twins in case, width, normal form or companion.
  ...split(
    "item Item ITEM ıtem İtem straße STRASSE ﬁle file ﾊﾟ パ Ｋ K \u212a é e\u0301 Å A\u030a \u212b ñ/n\u0303 \u1e9b\u0323 한 \u1112\u1161\u11ab",
  ),
  ...split("a a/b a/b/c a.b a/b.json a.json a.meta a.json.meta.json a.yaml a-b a0 aa"),
  // Invisible, right to left, at the edges of the code points.
  ...["\u00a0", "\u2028", "\u2029", "\u200b", "\u200e\u202eabc", "\ufeff", "\ufeffa", "\u00ad"],
  ...split(
    "\ufffd \ufffe \uffff \ue000 \uf8ff \u{10000} \u{10ffff} 😀 👩‍👩‍👧‍👦 🇩🇪 é/😀/漢字 \u{1f4a9} 日本語 العربية עברית ไทย",
  ),
  // Deep and long.
  `${"deep/".repeat(60)}leaf`,
  ...[255, 256, 300].map((length) => `wide/${"w".repeat(length)}`),
  `wide/${"é".repeat(200)}`,
]);

/** The awkward keys and every legal one of a well-known list of strings that break software, each once. */
export const naughtyKeys: readonly string[] = unique([...awkwardKeys, ...naughtyStrings]).filter(isLegal);

/** Strings that break software, legal as keys or not. */
export const naughtyTexts: readonly string[] = naughtyStrings;

/** Each with what is wrong with it. */
export const illegalKeys: readonly (readonly [key: unknown, fault: string])[] = [
  ["", "empty"],
  ["/", "empty segments"],
  ["/a", "empty first segment"],
  ["a/", "empty last segment"],
  ["a//b", "empty middle segment"],
  [".", "the segment ."],
  ["..", "the segment .."],
  ["a/./b", "a middle segment ."],
  ["a/../b", "a middle segment .."],
  ["../a", "a first segment .."],
  ["a/..", "a last segment .."],
  [".holdfast", "the reserved segment"],
  ["a/.holdfast/b", "a reserved middle segment"],
  ["a\u0000b", "NUL"],
  ["a\nb", "a line feed"],
  ["\t", "a tab"],
  ["a\u007f", "DEL"],
  ["a\u0085", "a C1 control"],
  ["a\u009fb", "the last C1 control"],
  ["a\ud83d", "a lone high surrogate at the end"],
  ["\ude00a", "a lone low surrogate"],
  ["\ude00\ud83d", "surrogates the wrong way round"],
  ["x".repeat(1025), "1,025 bytes"],
  ["é".repeat(513), "1,026 bytes in 513 characters"],
  [undefined, "undefined"],
  [null, "null"],
  [1, "a number"],
  [["a"], "an array"],
  [{ toString: () => "a" }, "an object"],
];

function split(keys: string): string[] {
  return keys.split(" ");
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function isLegal(key: string): boolean {
  try {
    checkKey(key);
    return new TextEncoder().encode(key).length < 1000;
  } catch (error) {
    if (StorageError.is(error, "INVALID_KEY")) return false;
    throw error;
  }
}
