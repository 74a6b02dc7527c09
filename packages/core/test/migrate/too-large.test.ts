import { createMigrator, openStorage, type StorageItem } from "@holdfast/core";
import { expect, it } from "vitest";
import { FakeKeys } from "../support/fake-keys.js";
import { MapAdapter } from "../support/map-adapter.js";

it("is found in the plan also where it is encryption that makes a value too large", async () => {
  const keys = new FakeKeys();
  const destination = new MapAdapter();
  const { capabilities } = destination;
  Object.assign(destination, { capabilities: { ...capabilities, limits: { body: 100, bufferedBody: 100 } } });
  const from = await openStorage(new MapAdapter(), { encryption: { keys, byDefault: false } });
  const to = await openStorage(destination, { encryption: { keys, required: true } });
  // A piece of an encrypted value is 16 bytes larger.
  await from.save("plain", new Uint8Array(85));
  await from.save("transformed", 1, { encrypt: true });
  await from.save("fits", new Uint8Array(84));
  await from.save("fits as it is", new Uint8Array(84), { encrypt: true });
  const transform = ({ key }: StorageItem) => (key === "transformed" ? { data: new Uint8Array(85) } : {});
  const tooLarge = { code: "UNSUPPORTED", message: expect.stringContaining("up to 100 bytes, and this one has 101") };
  const failures = [
    { key: "plain", ...tooLarge },
    { key: "transformed", ...tooLarge },
  ];
  const planned = await createMigrator(from, to).migrate({ transform, dryRun: true });
  expect(planned).toMatchObject({ ok: false, copied: 2, failures });
  const report = await createMigrator(from, to).migrate({ transform });
  expect(report).toMatchObject({ ok: false, planned: { items: 4 }, copied: 2, verified: 2, failures });
});
