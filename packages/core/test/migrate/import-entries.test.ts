import { Readable } from "node:stream";
import { type ImportEntries, importEntries, openStorage, type Progress, StorageError } from "@holdfast/core";
import { expect, it } from "vitest";
import { FakeKeys } from "../support/fake-keys.js";
import { MapAdapter } from "../support/map-adapter.js";

const open = () => openStorage(new MapAdapter());
const two = [
  { key: "a", data: 1 },
  { key: "b", data: 2 },
];
const webStream = () =>
  new ReadableStream<(typeof two)[number]>({
    start(controller) {
      for (const entry of two) controller.enqueue(entry);
      controller.close();
    },
  });

it("saves entries with all that they name, and lists those that cannot be kept", async () => {
  const storage = await open();
  const expiration = new Date(Date.now() + 3_600_000);
  const seen: Progress[] = [];
  const report = await importEntries(
    storage,
    [
      { key: "a", data: { n: 1 }, tags: ["x"], metadata: { m: 1 }, expiration, format: "yaml" },
      { key: "bytes", data: new Uint8Array([1, 2]) },
      { key: "date", data: new Date() },
      { key: "a//b", data: 1 },
      { key: "gone", data: 1, expiration: new Date(0) },
      { key: "worn", error: { code: "CORRUPT", message: "cannot be read" } },
      { key: "odd", data: 1, colour: "red" } as never,
    ],
    { prefix: "in/", progress: (progress) => void seen.push(progress) },
  );
  expect(report).toMatchObject({ ok: false, imported: 2, expired: 1, skipped: 0, conflicts: [] });
  expect(report.failures.map(({ key, code }) => [key, code]).sort()).toEqual([
    ["in/a//b", "INVALID_KEY"],
    ["in/date", "INVALID_VALUE"],
    ["in/odd", "INVALID_OPTION"],
    ["worn", "CORRUPT"],
  ]);
  expect(await storage.stat("in/a")).toMatchObject({ tags: ["x"], metadata: { m: 1 }, expiration, format: "yaml" });
  expect(await storage.load("in/bytes")).toEqual(new Uint8Array([1, 2]));
  expect(seen.at(-1)).toMatchObject({ phase: "import", items: 7 });
});

it("stops before it saves anything, skips or overwrites where keys are taken", async () => {
  const storage = await open();
  await storage.save("b", "there");
  const entries = ["a", "b", "c"].map((key) => ({ key, data: "new" }));
  expect(await importEntries(storage, entries)).toMatchObject({ ok: false, imported: 0, conflicts: ["b"] });
  expect(await storage.list()).toHaveLength(1);
  expect(await importEntries(storage, entries, { conflict: "skip" })).toMatchObject({
    ok: true,
    imported: 2,
    skipped: 1,
  });
  expect(await storage.load("b")).toBe("there");
  expect(await importEntries(storage, entries, { conflict: "overwrite" })).toMatchObject({ ok: true, imported: 3 });
  expect(await storage.load("b")).toBe("new");
});

it("takes entries that come only once, where they need not come twice", async () => {
  async function* entries() {
    yield { key: "a", data: 1 };
  }
  const storage = await open();
  await expect(importEntries(storage, entries())).rejects.toMatchObject({ code: "INVALID_OPTION" });
  expect(await importEntries(storage, entries(), { conflict: "skip" })).toMatchObject({ ok: true, imported: 1 });
  expect(await importEntries(storage, entries)).toMatchObject({ ok: false, conflicts: ["a"] });
});

it.each<[string, () => ImportEntries]>([
  ["a stream of the web", () => webStream()],
  ["a stream of Node", () => Readable.from(two)],
])("does not take %s where entries have to come twice", async (_, stream) => {
  const storage = await open();
  const refusal = { code: "INVALID_OPTION", message: expect.stringContaining("twice") };
  await expect(importEntries(storage, stream())).rejects.toMatchObject(refusal);
  const same = stream();
  await expect(importEntries(storage, () => same)).rejects.toMatchObject(refusal);
  expect(await storage.count()).toBe(0);
  expect(await importEntries(storage, stream)).toMatchObject({ ok: true, imported: 2 });
  expect(await importEntries(storage, stream(), { conflict: "skip" })).toMatchObject({ ok: true, skipped: 2 });
});

it("says how many entries there are, where it has looked at them", async () => {
  const storage = await open();
  const seen: Progress[] = [];
  const progress = (state: Progress) => void seen.push(state);
  await importEntries(storage, two, { progress });
  expect(seen[0]).toMatchObject({ items: 0, totalItems: 2 });
  expect(seen.at(-1)).toMatchObject({ items: 2, totalItems: 2, remaining: 0 });
});

it.each<[string, unknown]>([
  ["a number", 5],
  ["nothing", null],
  ["text", "ab"],
  ["an object", {}],
  ["a function that gives none", () => undefined],
  ["a list of nothing", [null]],
])("refuses %s as entries", async (_, entries) => {
  const storage = await open();
  for (const conflict of ["stop", "skip"] as const) {
    await expect(importEntries(storage, entries as never, { conflict })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  }
});

it("saves no entry without a key of its own, with a prefix or without", async () => {
  const storage = await open();
  for (const prefix of ["", "in/"]) {
    const entries = [{ data: 1 }, { key: "", data: 1 }, { key: "good", data: 1 }] as never;
    const report = await importEntries(storage, entries, { prefix });
    expect(report.failures.map(({ code }) => code)).toEqual(["INVALID_KEY", "INVALID_KEY"]);
  }
  expect((await storage.list()).map(({ key }) => key)).toEqual(["good", "in/good"]);
});

it("takes a key that is one only with its prefix", async () => {
  const storage = await open();
  const entries = [
    { key: "/a", data: 1 },
    { key: "//b", data: 1 },
  ];
  const report = await importEntries(storage, entries, { prefix: "cache" });
  expect(report).toMatchObject({ ok: false, imported: 1, failures: [{ key: "cache//b", code: "INVALID_KEY" }] });
  expect(await importEntries(storage, entries, { prefix: "cache" })).toMatchObject({ conflicts: ["cache/a"] });
  expect(await storage.load("cache/a")).toBe(1);
});

it("goes on after an entry that is larger than anything that the store holds", async () => {
  const adapter = new MapAdapter();
  Object.assign(adapter, { capabilities: { ...adapter.capabilities, limits: { body: 100, bufferedBody: 100 } } });
  const storage = await openStorage(adapter);
  const entries = [{ key: "large", data: "x".repeat(200) }, ...two];
  const report = await importEntries(storage, entries);
  expect(report).toMatchObject({ ok: false, imported: 2, failures: [{ key: "large", code: "QUOTA_EXCEEDED" }] });
});

it("goes on after an entry that is larger than anything that the store holds only once it is encrypted", async () => {
  const adapter = new MapAdapter();
  Object.assign(adapter, { capabilities: { ...adapter.capabilities, limits: { body: 100, bufferedBody: 100 } } });
  const storage = await openStorage(adapter, { encryption: { keys: new FakeKeys() } });
  // A piece of an encrypted value is 16 bytes larger.
  const sizes = { fits: 84, "does not": 85 };
  const entries = Object.entries(sizes).map(([key, size]) => ({ key, data: new Uint8Array(size) }));
  const report = await importEntries(storage, [...entries, ...two]);
  expect(report).toMatchObject({ ok: false, imported: 3, failures: [{ key: "does not", code: "QUOTA_EXCEEDED" }] });
});

it("ends with what its source or its listener throws, with its signal, and with what is wrong as a whole", async () => {
  const adapter = new MapAdapter();
  const storage = await openStorage(adapter);
  const own = new Error("mine");
  const entries = [{ key: "a", data: 1 }];
  const broken = function* () {
    yield { key: "b", data: 1 };
    throw own;
  };
  await expect(importEntries(storage, broken)).rejects.toBe(own);
  await expect(importEntries(storage, entries, { progress: () => Promise.reject(own) })).rejects.toBe(own);
  await expect(importEntries(storage, entries, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "ABORTED",
  });
  await expect(importEntries(storage, entries, { conflict: "newer" as never })).rejects.toMatchObject({
    code: "INVALID_OPTION",
  });
  adapter.put = () => Promise.reject(new StorageError("QUOTA_EXCEEDED", "full"));
  await expect(importEntries(storage, [{ key: "c", data: 1 }], { conflict: "skip" })).rejects.toMatchObject({
    code: "QUOTA_EXCEEDED",
  });
});
