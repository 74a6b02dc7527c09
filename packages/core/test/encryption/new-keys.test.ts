import { type EncryptionHeader, keyringOf, openStorage } from "@holdfast/core";
import { beforeEach, expect, it } from "vitest";
import { FakeKeys } from "../support/fake-keys.js";
import { MapAdapter } from "../support/map-adapter.js";

/** More than are ever made in one go. */
const MANY = 60;
const SALT_BYTES = 32;

let adapter: MapAdapter;
let keys: FakeKeys;

beforeEach(() => {
  adapter = new MapAdapter();
  keys = new FakeKeys();
});

function encryptionOf(key: string): EncryptionHeader {
  const encryption = adapter.records.get(key)?.header.encryption;
  if (encryption === undefined) throw new Error(`${key} is not encrypted`);
  return encryption;
}

it("no two values share a key, an id or a salt", async () => {
  const storage = await openStorage(adapter, { encryption: { keys, metadata: true } });
  const names = Array.from({ length: MANY }, (_, place) => `k${place}`);
  for (const name of names) await storage.save(name, "always the same");
  const bodies = names.map((name) => Buffer.from(adapter.records.get(name)?.body ?? []).toString("hex"));
  const headers = names.map(encryptionOf);
  const saltOf = (text = "") => Buffer.from(text, "base64url").subarray(0, SALT_BYTES).toString("hex");
  for (const drawn of [
    bodies,
    headers.map(({ id }) => id),
    headers.map(({ wrap }) => saltOf(wrap)),
    headers.map(({ sealed }) => saltOf(sealed)),
  ]) {
    expect(new Set(drawn).size).toBe(MANY);
  }
});

it.each([1, 2, 5, 17])(
  "after a rotation nothing is written under the former key: %i saves before it",
  async (saves) => {
    const storage = await openStorage(adapter, { encryption: { keys } });
    for (let place = 0; place < saves; place++) await storage.save(`before/${place}`, place);
    const former = keys.active;
    await keyringOf(storage).rotate();
    expect(keys.active).not.toBe(former);
    for (let place = 0; place < MANY; place++) {
      await storage.save(`after/${place}`, place);
      expect(encryptionOf(`after/${place}`).key).toBe(keys.active);
    }
  },
);
