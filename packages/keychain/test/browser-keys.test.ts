import { openStorage } from "@holdfast/core";
import { browserKeys } from "@holdfast/keychain";
import { memory } from "@holdfast/memory";
import { expect, it } from "vitest";

it("the browser's keys can be used and not be read out", async () => {
  const { keys } = await browserKeys({ name: "sealed" }).load();
  const material = keys[0]?.material;
  expect(material).toBeInstanceOf(CryptoKey);
  expect((material as CryptoKey).extractable).toBe(false);
  for (const format of ["raw", "jwk"] as const) {
    await expect(crypto.subtle.exportKey(format, material as CryptoKey)).rejects.toThrow();
  }
});

it("tabs that come first at once have one key", async () => {
  const found = await Promise.all(Array.from({ length: 8 }, () => browserKeys({ name: "race" }).load()));
  expect(new Set(found.map(({ active }) => active)).size).toBe(1);
  expect(found[0]?.keys).toHaveLength(1);
});

it("a name that is none is refused", () => {
  for (const name of ["", "a\n", "x".repeat(201), 1]) {
    expect(() => browserKeys({ name: name as string })).toThrow("1 to 200 characters");
  }
});

it("nothing of a value is in IndexedDB beside the key", async () => {
  const storage = await openStorage(memory(), { encryption: { keys: browserKeys({ name: "apart" }) } });
  await storage.save("a", "secret");
  expect(await storage.load("a")).toBe("secret");
});
