import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
import { formatStoreUrl, parseStoreUrl, StorageError, type StoreUrl } from "holdfast";
import { describe, expect, it } from "vitest";

describe("parseStoreUrl", () => {
  it.each<[string, StoreUrl]>([
    ["memory:", { scheme: "memory", path: "", options: {} }],
    ["sqlite:./app.db", { scheme: "sqlite", path: "./app.db", options: {} }],
    ["sqlite:/abs/app.db", { scheme: "sqlite", path: "/abs/app.db", options: {} }],
    ["sqlite:C:\\x\\app.db", { scheme: "sqlite", path: "C:\\x\\app.db", options: {} }],
    ["SQLite:a", { scheme: "sqlite", path: "a", options: {} }],
    ["sqlite:a#b+c d.db", { scheme: "sqlite", path: "a#b+c d.db", options: {} }],
    ["sqlite:a%20b%3Fc%25.db", { scheme: "sqlite", path: "a b?c%.db", options: {} }],
    ["sqlite:%C3%A4/%e2%82%ac", { scheme: "sqlite", path: "ä/€", options: {} }],
    ["sqlite:a?durability=process", { scheme: "sqlite", path: "a", options: { durability: "process" } }],
    ["x+1.-:p?a=1&b=&c=d=e?f", { scheme: "x+1.-", path: "p", options: { a: "1", b: "", c: "d=e?f" } }],
    ["acme://bucket/prefix", { scheme: "acme", path: "//bucket/prefix", options: {} }],
    ["acme:?__proto__=x%26y+z", { scheme: "acme", path: "", options: JSON.parse('{"__proto__":"x&y+z"}') }],
  ])("reads %s", (url, parts) => {
    expect(parseStoreUrl(url)).toEqual(parts);
    expect(Object.keys(parseStoreUrl(url).options)).toEqual(Object.keys(parts.options));
  });

  it.each([
    ["", "needs a scheme"],
    ["app.db", "needs a scheme"],
    ["./app.db", "needs a scheme"],
    ["C:\\x\\app.db", "needs a scheme"],
    [":memory:", "needs a scheme"],
    ["sqlite:100%.db", "written %25"],
    ["sqlite:a%2", "written %25"],
    ["sqlite:%ff", "not UTF-8"],
    ["sqlite:%C3", "not UTF-8"],
    ["sqlite:a%00b", "without NUL"],
    ["sqlite:a\ud800", "well-formed"],
    ["sqlite:a?", "name=value"],
    ["sqlite:a?durability", "name=value"],
    ["sqlite:a?=x", "name=value"],
    ["sqlite:a?b=1&&c=2", "name=value"],
    ["sqlite:a?b=1&b=2", "twice"],
    ["sqlite:a?b=1&%62=2", "twice"],
  ])("refuses %j", (url, reason) => {
    expect(() => parseStoreUrl(url)).toThrow(reason);
    expect(codeOf(() => parseStoreUrl(url))).toBe("INVALID_OPTION");
  });

  it("refuses what is no string", () => {
    expect(() => parseStoreUrl(null as unknown as string)).toThrow("a store URL is a string, not null");
  });
});

describe("formatStoreUrl", () => {
  it("writes what parseStoreUrl reads as the same", () => {
    fc.assert(
      fc.property(storeUrls, (url) => {
        const text = formatStoreUrl(url);
        expect(parseStoreUrl(text)).toEqual(url);
        expect(Object.entries(parseStoreUrl(text).options)).toEqual(Object.entries(url.options));
      }),
      seeded({ numRuns: 500 }),
    );
  });

  it("writes a URL of one word without control characters", () => {
    fc.assert(
      fc.property(storeUrls, (url) => !/[\p{Cc}\p{Zl}\p{Zp} ]/u.test(formatStoreUrl(url))),
      seeded({}),
    );
  });

  it("writes each URL in one form, whatever form it was read from", () => {
    fc.assert(
      fc.property(storeUrls, (url) => {
        const text = formatStoreUrl(url);
        expect(formatStoreUrl(parseStoreUrl(text))).toBe(text);
      }),
      seeded({}),
    );
    expect(formatStoreUrl(parseStoreUrl("SQLITE:%61 b%3f?x=%79"))).toBe("sqlite:a%20b%3F?x=y");
  });

  it("leaves readable what needs no escape", () => {
    const url = { scheme: "sqlite", path: "C:\\Daten\\größe #1+2=3&4.db", options: { durability: "process" } };
    expect(formatStoreUrl(url)).toBe("sqlite:C:\\Daten\\größe%20#1+2=3&4.db?durability=process");
  });

  it.each<StoreUrl>([
    { scheme: "c", path: "", options: {} },
    { scheme: "Sqlite", path: "", options: {} },
    { scheme: "sqlite", path: "a\0b", options: {} },
    { scheme: "sqlite", path: "\udc00", options: {} },
    { scheme: "sqlite", path: "", options: { "": "x" } },
    { scheme: "sqlite", path: "", options: { a: 1 } as unknown as Record<string, string> },
    { scheme: "sqlite", path: 1 as unknown as string, options: {} },
  ])("refuses %j, which no URL can hold", (url) => {
    expect(codeOf(() => formatStoreUrl(url))).toBe("INVALID_OPTION");
  });
});

const texts = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0"));
const storeUrls: fc.Arbitrary<StoreUrl> = fc.record({
  scheme: fc.stringMatching(/^[a-z][a-z0-9+.-]{1,9}$/),
  path: fc.oneof(texts, fc.string({ unit: fc.constantFrom(..."%?&=#+\\/: .~a2F\n") })),
  options: fc.dictionary(
    texts.filter((name) => name !== ""),
    texts,
  ),
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return StorageError.is(error) ? error.code : String(error);
  }
  return "nothing thrown";
}
