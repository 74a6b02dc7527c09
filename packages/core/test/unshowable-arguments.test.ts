import { createMigrator, describeValue, importEntries, keyringOf, openStorage, StorageError } from "@holdfast/core";
import { unshowable } from "@holdfast/vitest-preset/unshowable";
import { describe, expect, it } from "vitest";
import { FakeKeys } from "./support/fake-keys.js";
import { MapAdapter } from "./support/map-adapter.js";

const open = () => openStorage(new MapAdapter(), { encryption: { keys: new FakeKeys() } });
const schema = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;

/** Wherever one value may be given that is text, a number or a boolean. */
const CALLS: readonly (readonly [what: string, call: (wrong: never) => Promise<unknown>])[] = [
  ["a setting", (json) => openStorage(new MapAdapter(), { json })],
  ["a setting of retry", (retries) => openStorage(new MapAdapter(), { retry: { retries } })],
  ["a setting of history", (versions) => openStorage(new MapAdapter(), { history: { versions } })],
  ["the realm", (realm) => openStorage(new MapAdapter(), { encryption: { keys: new FakeKeys(), realm } })],
  ["the version of a collection", async (version) => (await open()).collection("a", { schema, version }).load("b")],
  [
    "the end of a collection's migration",
    async (to) => {
      const migrations = [{ from: "0.9", to, up: (data: unknown) => data }];
      return (await open()).collection("a", { schema, version: "1.0", migrations }).load("b");
    },
  ],
  ["the type in a batch", async (type) => (await open()).batch([{ type, key: "a", data: 1 }])],
  ["conflict of a migration", async (conflict) => createMigrator(await open(), await open()).migrate({ conflict })],
  ["bandwidth of a migration", async (bandwidth) => createMigrator(await open(), await open()).migrate({ bandwidth })],
  ["conflict of an import", async (conflict) => importEntries(await open(), [], { conflict })],
  ["concurrency of an import", async (concurrency) => importEntries(await open(), [], { concurrency })],
  ["the key to retire", async (id) => keyringOf(await open()).retire(id)],
];

describe("what no text can be made of", () => {
  for (const [what, value] of unshowable) {
    it.each(CALLS)(`is INVALID_OPTION, as ${what}, for %s`, async (_, call) => {
      const error: unknown = await call(value as never).catch((thrown: unknown) => thrown);
      expect(StorageError.is(error, "INVALID_OPTION"), String(error)).toBe(true);
    });

    it(`is described all the same: ${what}`, () => {
      expect(describeValue(value)).toMatch(/^(?:1|an object|Symbol\(s\))$/);
    });
  }
});
