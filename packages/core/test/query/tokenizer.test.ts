import { TOKENIZER_VERSION, tokenize } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { texts, unspacedPoint } from "./samples.js";
import { modelTokens } from "./search-model.js";

describe("tokenize", () => {
  it.each<[text: string, tokens: string[]]>([
    ["", []],
    ["  —…!? 😀 👩‍👩‍👧 🇩🇪", []],
    ["Hello, hello WORLD", ["hello", "world"]],
    ["can't", ["can", "t"]],
    ["3.14", ["3", "14"]],
    ["flow.blueprint", ["flow", "blueprint"]],
    ["a/b_c-d", ["a", "b", "c", "d"]],
    ["iphone12 3d", ["iphone12", "3d"]],
    ["Zoë's Crème Brûlée", ["zoe", "s", "creme", "brulee"]],
    ["e\u0301tude étude", ["etude"]],
    ["İstanbul ISTANBUL ıstanbul", ["istanbul", "ıstanbul"]],
    ["Straße STRASSE ẞ", ["straße", "strasse", "ß"]],
    ["ΟΔΟΣ οδός Σ", ["οδοσ", "σ"]],
    ["ﬁnd x² ½ Ⅷ ＡＢ ㎏ 𝐀", ["find", "x2", "1", "2", "viii", "ab", "kg", "a"]],
    ["5️⃣ 1\u20e3", ["5", "1"]],
    ["😀a🎉b", ["a", "b"]],
    ["हिन्दी", ["हनद"]],
    ["о\u02bcзбек", ["о\u02bcзбек"]],
    ["\ud800a\udc00", ["a"]],
    // What is invisible inside a word does not end it; a zero-width space does.
    ["co\u00adop می\u200cخواهم a\u2060b \ufeffc d\u200de", ["coop", "میخواهم", "ab", "c", "de"]],
    ["a\u200bb", ["a", "b"]],
  ])("finds the words of %j", (text, tokens) => {
    expect(tokenize(text)).toEqual(tokens);
  });

  it.each<[text: string, tokens: string[]]>([
    ["都", ["都"]],
    ["東京都", ["東京", "京都", "都"]],
    ["東京。京都", ["東京", "京", "京都", "都"]],
    ["サーバー ｻｰﾊﾞｰ", ["サー", "ーハ", "ハー", "ー"]],
    ["〇〆々", ["〇〆", "〆々", "々"]],
    ["𠮷野家", ["𠮷野", "野家", "家"]],
    ["㍿", ["株式", "式会", "会社", "社"]],
    ["한국", ["\u1112\u1161", "\u1161\u11ab", "\u11ab\u1100", "\u1100\u116e", "\u116e\u11a8", "\u11a8"]],
    ["ไทย", ["ไท", "ทย", "ย"]],
    ["ที่", ["ท"]],
    ["ຄຳ", ["ຄາ", "າ"]],
    ["ខ្មែរ", ["ខម", "មរ", "រ"]],
    ["မြန်မာ", ["မန", "နမ", "မ"]],
    ["བོད", ["བད", "ད"]],
    ["iphone12手机pro", ["iphone12", "手机", "机", "pro"]],
    ["第3章", ["第", "3", "章"]],
  ])("cuts %j into pairs where words have no spaces", (text, tokens) => {
    expect(tokenize(text)).toEqual(tokens);
  });

  it("cuts words after 128 code points, never inside one", () => {
    expect(tokenize("a".repeat(128))).toEqual(["a".repeat(128)]);
    expect(tokenize("a".repeat(129))).toEqual(["a".repeat(128)]);
    expect(tokenize(`é${"a".repeat(500)}`)).toEqual([`e${"a".repeat(127)}`]);
    expect(tokenize("𐐨".repeat(128))).toEqual(["𐐨".repeat(128)]);
    expect(tokenize(`a${"𐐀".repeat(200)}`)).toEqual([`a${"𐐨".repeat(127)}`]);
  });

  it("treats every code point as the rule says", () => {
    for (let start = 0; start < 0x110000; start += 0x400) {
      const points = Array.from({ length: 0x400 }, (_, index) => String.fromCodePoint(start + index));
      const text = points.map((point) => `${point}a`).join(" ");
      expect(tokenize(text), `from U+${start.toString(16)}`).toEqual([...modelTokens(text)]);
    }
  });

  it("agrees with the rule on any text", () => {
    const any = fc.oneof(
      texts,
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary-ascii" }),
    );
    fc.assert(
      fc.property(any, (text) => {
        expect(tokenize(text)).toEqual([...modelTokens(text)]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives each token once", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const tokens = tokenize(`${text} ${text}`);
        expect(tokens).toEqual([...new Set(tokens)]);
      }),
    );
  });

  it("takes texts joined by a space apart again", () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(tokenize(`${a} ${b}`)).toEqual([...new Set([...tokenize(a), ...tokenize(b)])]);
      }),
    );
  });

  it("leaves tokens of spaced scripts as they are", () => {
    const spaced = texts.map((text) =>
      text.normalize("NFKD").replaceAll(/(?![\p{Script=Latin}\p{Script=Greek}])\p{L}/gu, " "),
    );
    fc.assert(
      fc.property(spaced, (text) => {
        const tokens = tokenize(text);
        expect(tokenize(tokens.join(" "))).toEqual(tokens);
      }),
    );
  });

  it("takes no token further apart than into its own last character", () => {
    fc.assert(
      fc.property(fc.array(unspacedPoint, { maxLength: 6 }), (points) => {
        for (const token of tokenize(points.join(""))) {
          expect([[token], [token, [...token].at(-1)]]).toContainEqual(tokenize(token));
        }
      }),
    );
  });

  it("has the version that its rules were given", () => {
    // A digest of the rules' outcome: whoever changes it changes TOKENIZER_VERSION too.
    const outcome = tokenize("Zoë’s 東京都サーバー ΟΔΟΣ co\u00adop ไทย 한 x² can't о\u02bcз").join(" ");
    expect([TOKENIZER_VERSION, outcome]).toEqual([
      1,
      "zoe s 東京 京都 都サ サー ーハ ハー ー οδοσ coop ไท ทย ย \u1112\u1161 \u1161\u11ab \u11ab x2 can t о\u02bcз",
    ]);
  });
});
