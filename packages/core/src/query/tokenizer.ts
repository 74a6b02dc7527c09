/** Stored with every search index. Whatever changes a single token below needs a new number; indexes are then built anew. */
export const TOKENIZER_VERSION = 1;

// Bounds what one word (a base64 blob, a hash) may cost an index. Documents and queries are cut alike, so nothing is lost.
const MAX_CODE_POINTS = 128;

const NON_ASCII = /[\u0080-\uffff]/;
const ASCII_RUN = /[a-z0-9]+/g;

// Besides marks, what is invisible inside a word: soft hyphen, zero-width non-joiner and joiner, word joiner, byte order
// mark. As in UAX #29 they do not end a word. The zero-width space does: Thai and Khmer texts use it for that.
const IGNORED = /[\p{M}\u00ad\u200c-\u200d\u2060\ufeff]+/gu;
// The rule says L, N and M; no mark is left by now.
const RUN = /[\p{L}\p{N}]+/gu;

// Scripts whose words are not set apart by spaces (UAX #14: ideographs and South-East Asian scripts), and Hangul, whose
// particles cling to words. Not Script_Extensions, which counts the apostrophe of Ukrainian and Uzbek (U+02BC) as Thai,
// among others; instead the few letters that these scripts share are named: 〆 〱–〵 〼 ー ꧏ.
const UNSPACED =
  /([\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Hang}\p{sc=Yiii}\p{sc=Tang}\p{sc=Nshu}\p{sc=Kits}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}\p{sc=Tale}\p{sc=Talu}\p{sc=Lana}\p{sc=Tavt}\p{sc=Ahom}\p{sc=Bali}\p{sc=Java}\u3006\u3031-\u3035\u303c\u30fc\ua9cf]+)/u;

/**
 * The distinct tokens of a text, in order of first appearance. Tokens of two texts joined by a space are those of each.
 *
 * @example
 * tokenize("Zoë's flow.blueprint"); // ["zoe", "s", "flow", "blueprint"]
 * tokenize("東京都"); // ["東京", "京都", "都"]
 */
export function tokenize(text: string): string[] {
  const tokens = new Set<string>();
  if (!NON_ASCII.test(text)) {
    for (const run of text.toLowerCase().match(ASCII_RUN) ?? []) tokens.add(cut(run));
    return [...tokens];
  }
  const folded = fold(text);
  const unspaced = UNSPACED.test(folded);
  for (const run of folded.match(RUN) ?? []) {
    if (unspaced) addParts(run, tokens);
    else tokens.add(cut(run));
  }
  return [...tokens];
}

function fold(text: string): string {
  const lower = text.normalize("NFKD").replace(IGNORED, "").toLowerCase();
  // Lower-casing makes Σ a ς at the end of a word only, so that the start of a word would differ from the whole.
  return lower.replaceAll("ς", "σ");
}

/** Cuts a run where it passes between ordinary letters and unspaced scripts. */
function addParts(run: string, tokens: Set<string>): void {
  // What the group captures, the unspaced parts, stands at odd places.
  for (const [place, part] of run.split(UNSPACED).entries()) {
    if (place % 2 === 1) addPairs(part, tokens);
    else if (part !== "") tokens.add(cut(part));
  }
}

/** Each code point with the next one, and the last alone: any stretch of the part is then a chain of these, or starts one. */
function addPairs(part: string, tokens: Set<string>): void {
  let previous = "";
  for (const point of part) {
    if (previous !== "") tokens.add(previous + point);
    previous = point;
  }
  tokens.add(previous);
}

function cut(word: string): string {
  if (word.length <= MAX_CODE_POINTS) return word;
  const start = word.slice(0, 2 * MAX_CODE_POINTS);
  return [...start].slice(0, MAX_CODE_POINTS).join("");
}
