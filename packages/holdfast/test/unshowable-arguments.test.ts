import { StorageError } from "@holdfast/core";
import { unshowable } from "@holdfast/vitest-preset/unshowable";
import { createStorage, formatStoreUrl, openStore, parseStoreUrl, register, storeExists } from "holdfast";
import { describe, expect, it } from "vitest";

const fallbacks = { primary: "memory:", fallbacks: ["memory:"] } as const;

/** Wherever one value may be given that is text, a number or a boolean. */
const CALLS: readonly (readonly [what: string, call: (wrong: never) => unknown])[] = [
  ["platform", (platform) => createStorage({ platform, name: "a" })],
  ["name", (name) => createStorage({ platform: "test", name })],
  ["the name beside a URL", (name) => createStorage({ url: "memory:", name })],
  ["movedFrom", (movedFrom) => createStorage({ platform: "test", name: "a", movedFrom })],
  ["type", (type) => createStorage({ type })],
  ["an option of a type", (capacity) => createStorage({ type: "memory", capacity })],
  ["whenUnknown", (whenUnknown) => createStorage({ ...fallbacks, whenUnknown })],
  ["retryPolicy.retries", (retries) => createStorage({ ...fallbacks, retryPolicy: { retries } })],
  ["a URL's scheme", (scheme) => openStore({ scheme, path: "", options: {} })],
  ["a URL's path", (path) => storeExists({ scheme: "memory", path, options: {} })],
  ["a URL's option", (capacity) => openStore({ scheme: "memory", path: "", options: { capacity } })],
  ["a URL to read", (url) => parseStoreUrl(url)],
  ["the scheme of a URL to write", (scheme) => formatStoreUrl({ scheme, path: "", options: {} })],
  ["the scheme to register", (scheme) => register(scheme, {} as never)],
];

describe("what no text can be made of", () => {
  for (const [what, value] of unshowable) {
    it.each(CALLS)(`is INVALID_OPTION, as ${what}, for %s`, async (_, call) => {
      const error: unknown = await Promise.resolve()
        .then(() => call(value as never))
        .catch((thrown: unknown) => thrown);
      expect(StorageError.is(error, "INVALID_OPTION"), String(error)).toBe(true);
    });
  }

  it.each([[undefined], [null], [1]])("is no URL to write: %s", (url) => {
    expect(() => formatStoreUrl(url as never)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });
});
