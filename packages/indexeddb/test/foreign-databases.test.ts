import { importEntries, openStorage, type StorageEngine } from "@holdfast/core";
import { indexeddb, readIdbKeyval, readLocalForage } from "@holdfast/indexeddb";
import { createStore, set } from "idb-keyval";
import localforage from "localforage";
import { afterEach, beforeEach, expect, it } from "vitest";
import { newName } from "./support/backing.ts";

let storage: StorageEngine;
beforeEach(async () => {
  storage = await openStorage(indexeddb({ name: newName() }));
});
// What the other libraries have open they keep open, and would keep from being removed.
afterEach(() => storage.close());

const VALUES: readonly (readonly [key: string, value: unknown])[] = [
  ["object", { deep: [1, "two", null] }],
  ["text", "plain"],
  ["number", 42],
  ["bytes", new Uint8Array([1, 2, 3])],
];

it("takes what localForage keeps, blobs and buffers as bytes, and names what cannot be kept exactly", async () => {
  const name = newName();
  const old = localforage.createInstance({ name, driver: localforage.INDEXEDDB });
  for (const [key, value] of VALUES) await old.setItem(key, value);
  await old.setItem("buffer", new Uint8Array([4, 5]).buffer);
  await old.setItem("blob", new Blob(["hello"], { type: "text/plain" }));
  await old.setItem("date", new Date());
  await old.setItem("a//b", 1);
  const report = await importEntries(storage, () => readLocalForage({ name }), { prefix: "old/" });
  expect(report).toMatchObject({ ok: false, imported: 6 });
  expect(report.failures.map(({ key, code }) => [key, code]).sort()).toEqual([
    ["old/a//b", "INVALID_KEY"],
    ["old/date", "INVALID_VALUE"],
  ]);
  for (const [key, value] of VALUES) expect(await storage.load(`old/${key}`)).toEqual(value);
  expect(await storage.load("old/buffer")).toEqual(new Uint8Array([4, 5]));
  expect(await storage.load("old/blob")).toEqual(new TextEncoder().encode("hello"));
  expect(await storage.stat("old/blob")).toMatchObject({ metadata: { mediaType: "text/plain" } });
  expect(await old.getItem("text")).toBe("plain");
});

it("takes what idb-keyval keeps, however much, and names keys that are no strings", async () => {
  const name = newName();
  const old = createStore(name, "keyval");
  for (let index = 0; index < 250; index++) await set(`k${index}`, { index }, old);
  await set(7, "a number", old);
  const report = await importEntries(storage, () => readIdbKeyval({ name }));
  expect(report).toMatchObject({ ok: false, imported: 250, failures: [{ key: "7", code: "INVALID_KEY" }] });
  expect(await storage.load("k249")).toEqual({ index: 249 });
});

it("says where there is nothing to take, and leaves nothing behind", async () => {
  const name = newName();
  for (const read of [readLocalForage, readIdbKeyval]) {
    await expect(importEntries(storage, () => read({ name }))).rejects.toMatchObject({ code: "NOT_FOUND" });
  }
  expect((await indexedDB.databases()).map((database) => database.name)).not.toContain(name);
  const other = newName();
  await set("a", 1, createStore(other, "another"));
  await expect(importEntries(storage, () => readIdbKeyval({ name: other }))).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});
