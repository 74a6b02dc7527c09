import { type CloudAdapter, cloud } from "@holdfast/cloud";
import { checkKey, openStorage, type StorageEngine } from "@holdfast/core";
import type { EmbeddedSupabase, SignedUp } from "@holdfast/supabase";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectBytes } from "./support/same-bytes.ts";
import { readMigrations, startServer, TIME_TO_START } from "./support/server.ts";

const DAY = 86_400_000;
const LARGE = new Uint8Array(100_000).fill(7);

let server: EmbeddedSupabase;
let ann: SignedUp;
let bob: SignedUp;
let stores = 0;
let store: string;
let id: string;
let adapter: CloudAdapter;
let anns: StorageEngine;

beforeAll(async () => {
  server = await startServer();
  [ann, bob] = [await server.signUp(), await server.signUp()];
  // With its first request the embedded server gives every role every privilege; this takes them back.
  for (const text of readMigrations()) await server.sql(text);
}, TIME_TO_START);

afterAll(() => server?.stop());

beforeEach(async () => {
  store = `store ${++stores}`;
  adapter = cloud({ client: ann.client, store });
  anns = await openStorage(adapter, { history: true });
  await anns.save("private", LARGE);
  await anns.save("shared", "by Ann");
  await adapter.shares.share({ key: "shared" }, bob.id, "editor");
  const [row] = (await server.sql(
    `select id::text from holdfast.stores where owner = '${ann.id}' and name = '${store}'`,
  )) as { id: string }[];
  id = row?.id ?? "";
});

afterEach(() => anns.close());

const openAsBob = (now = () => Date.now()) =>
  openStorage(cloud({ client: bob.client, store, owner: ann.id }), { history: true, ports: { clock: { now } } });

/** Ann can open her store, list it page by page, and write to it. */
async function expectSound(): Promise<void> {
  const reopened = await openStorage(cloud({ client: ann.client, store }), { history: true });
  expect((await reopened.list("", { limit: 10 })).map(({ key }) => key)).toEqual(["private", "shared"]);
  await reopened.save("shared", "by Ann again");
  await reopened.save("private", LARGE.toReversed());
  expect((await reopened.history("shared")).length).toBeGreaterThan(0);
  await reopened.close();
}

function versionAt(time: number): string {
  return `${time.toString(16).padStart(12, "0")}-0000-00000000c0de`;
}

const VERSION = versionAt(Date.UTC(2026, 0, 1));

function headerOf(more: object = {}): Record<string, unknown> {
  return {
    ...{ key: "shared", version: VERSION, size: 1, storedSize: 1, format: "json", compression: null, modified: 0 },
    ...{ expiration: null, tags: [], metadata: {}, checksum: "0".repeat(64), ...more },
  };
}

async function write(more: object): Promise<string | undefined> {
  const write = {
    ...{ type: "put", key: "shared", version: VERSION, expect: "any", header: JSON.stringify(headerOf()), created: 0 },
    ...{ modified: 0, expires: null, size: 1, stored: 1, tags: [], terms: [], body: "MQ==", hashes: null },
    ...{ encrypted: false, ...more },
  };
  const parameters = { p_store: id, p_writes: [write], p_now: 0, p_keep: 10 };
  return (await bob.client.rpc("holdfast_write", parameters)).error?.message;
}

function isTaken(key: string): boolean {
  try {
    return checkKey(key) === key;
  } catch {
    return false;
  }
}

/** Above what stands. */
const soon = () => versionAt(Date.now() + DAY / 24);
const NO_VERSIONS: [what: string, version: () => string][] = [
  ["above all", () => "ffffffffffff-0000-000000000000"],
  ["above what core opens", () => versionAt(Date.UTC(2200, 0, 2) + 1)],
  ["three days ahead", () => versionAt(Date.now() + 3 * DAY)],
  ["in capital letters", () => `${soon().slice(0, -1)}A`],
  ["cut short", () => soon().slice(0, -1)],
  ["with more behind it", () => `${soon()}\n`],
  ["of nothing", () => ""],
];

const KEYS = [
  ...["", "/", "/x", "team/", "team//x", "team/.", "team/./x", "team/..", "team/../../../etc/x", "..", ".holdfast"],
  ...["team/.holdfast", "team/.holdfast/x", ".holdfast/x", "team/a\nb", "team/\u0001", "team/\u007f", "team/\u0085"],
  // Of 1,025 bytes and more, and of 1,024.
  ...[`team/${"x".repeat(2_000)}`, `team/${"x".repeat(1_020)}`, `team/${"é".repeat(510)}`, `team/${"x".repeat(1_019)}`],
  ...["team/...", "team/..x", "team/.x", "team/x.", "team/.holdfastx", "team/x.holdfast", "team/ \u2028", "team/é😀"],
];

describe("an editor of one key, with calls of their own making", () => {
  it.each(NO_VERSIONS)("writes and deletes with no version %s", async (_, version) => {
    const header = JSON.stringify(headerOf({ version: version() }));
    // Over nothing, where even the least version is written.
    await server.sql(`delete from holdfast.items where store = ${id} and key = 'shared'`);
    expect(await write({ version: version(), header })).toMatch(/HF005/);
    const standing = await anns.save("shared", "by Ann");
    const error = await write({ type: "delete", version: version() });
    // One that is below what stands is stale before it is looked at.
    if (version() > standing.version) expect(error).toMatch(/HF005/);
    expect(await anns.stat("shared")).toEqual(standing);
    await expectSound();
  });

  it.each([
    ["that is no JSON", "x"],
    ["that is cut", "{"],
    ["that is a list", "[]"],
    ["that is null", "null"],
    ["that is empty", "{}"],
    ["of another key", JSON.stringify(headerOf({ key: "private" }))],
    [
      "of a key that jsonb would not hold",
      `{"key":"sha\\u0000red",${JSON.stringify(headerOf({ key: undefined })).slice(1)}`,
    ],
    ["of another key the second time", `${JSON.stringify(headerOf()).slice(0, -1)},"key":"private"}`],
    ["of another version", JSON.stringify(headerOf({ version: versionAt(0) }))],
    ["without tags", JSON.stringify(headerOf({ tags: undefined }))],
    ["with tags that are none", JSON.stringify(headerOf({ tags: [1] }))],
    ["with metadata that are none", JSON.stringify(headerOf({ metadata: null }))],
    ["with a size that is none", JSON.stringify(headerOf({ size: "1" }))],
    ["with a time that is none", JSON.stringify(headerOf({ modified: 1e17 }))],
    ["without a time", JSON.stringify(headerOf({ modified: undefined }))],
    ["with times", JSON.stringify(headerOf({ modified: [0, "x"] }))],
    ["with one time in a list", JSON.stringify(headerOf({ modified: [0] }))],
    ["with a time in words", JSON.stringify(headerOf({ modified: "0" }))],
    ["without an expiration", JSON.stringify(headerOf({ expiration: undefined }))],
    ["with expirations", JSON.stringify(headerOf({ expiration: [null, "x"] }))],
    ["with an expiration in a list", JSON.stringify(headerOf({ expiration: [0] }))],
    ["with an expiration in words", JSON.stringify(headerOf({ expiration: "0" }))],
    ["with tags in lists", JSON.stringify(headerOf({ tags: [["a"]] }))],
    ["with a tag that is nothing", JSON.stringify(headerOf({ tags: ["a", null] }))],
  ])("writes no header %s", async (_, header) => {
    await server.sql(`delete from holdfast.items where store = ${id} and key = 'shared'`);
    expect(await write({ header })).toMatch(/HF006/);
    await anns.save("shared", "by Ann");
    await expectSound();
  });

  it("writes what is a key to core, and nothing else", async () => {
    await adapter.shares.share({ prefix: "" }, bob.id, "editor");
    for (const key of KEYS) {
      const isKey = isTaken(key);
      const error = await write({ key, header: JSON.stringify(headerOf({ key })) });
      expect(error, key).toEqual(isKey ? undefined : expect.stringContaining("HF006"));
      const buried = `insert into holdfast.tombstones values (${id}, '${key}', '${VERSION}') returning key`;
      const rows = server.sqlAs(bob.id, buried).catch((thrown: Error) => thrown.message);
      expect(await rows, key).toEqual(isKey ? [{ key }] : expect.stringContaining("HF006"));
      if (isKey) expect(await anns.delete(key)).toBe(true);
    }
    await expectSound();
  });

  it("writes what a header may hold, whatever is escaped in it", async () => {
    await server.sql(`delete from holdfast.items where store = ${id} and key = 'shared'`);
    const metadata = {
      nul: "\0",
      half: "\ud800",
      other: "\udfff\\u0000\\\\",
      pair: "😀\u2028",
      deep: [{ "\0": "\\" }],
    };
    expect(await write({ header: JSON.stringify(headerOf({ metadata })) })).toBeUndefined();
    expect((await anns.stat("shared"))?.metadata).toEqual(metadata);
  });

  it("writes no time that is none", async () => {
    await server.sql(`delete from holdfast.items where store = ${id} and key = 'shared'`);
    expect(await write({ created: 8.64e15 + 1 })).toMatch(/HF006/);
  });

  it("replaces nothing but the encryption of a header", async () => {
    const [row] = (await server.sql(
      `select version, header from holdfast.items where store = ${id} and key = 'shared'`,
    )) as { version: string; header: string }[];
    const { version = "", header = "" } = row ?? {};
    const rewrap = (changed: object) =>
      bob.client.rpc("holdfast_rewrap", {
        ...{ p_store: id, p_key: "shared", p_version: version, p_from: header },
        p_to: JSON.stringify({ ...JSON.parse(header), ...changed }),
      });
    for (const changed of [{ key: "private" }, { version: VERSION }, { metadata: { a: 1 } }, { tags: undefined }]) {
      expect((await rewrap(changed)).error?.message).toMatch(/HF006/);
    }
    expect((await rewrap({ encryption: { v: 1 } })).data).toMatchObject({ done: true });
  });

  it("stages nothing in the place of an object of Ann's", async () => {
    const [body] = (await server.sql(`select name, sha256 from holdfast.bodies where store = ${id}`)) as {
      name: string;
      sha256: string;
    }[];
    const part = { sha256: body?.sha256, size: LARGE.length, name: body?.name };
    const { data } = await bob.client.rpc("holdfast_stage", { p_store: id, p_parts: [part] });
    expect(data).toBeNull();
    const other = { ...part, name: `${ann.id}/other` };
    const staged = await bob.client.rpc("holdfast_stage", { p_store: id, p_parts: [other] });
    expect(staged.data).toMatchObject([{ name: other.name, stored: false }]);
  });
});

describe("an editor of one key, where the tables are within reach", () => {
  /** What comes of it; the error's text where it is refused. Nothing of it stays. */
  const attempt = (text: string) => server.sqlAs(bob.id, text).catch((error: Error) => error.message.trim());
  const refused = expect.stringMatching(/row-level security|permission denied|HF00[456]/);

  beforeEach(async () => {
    const bobs = await openAsBob();
    await bobs.save(
      "shared",
      LARGE.map((byte) => byte + 1),
    );
    await bobs.close();
  });

  it.each(["as they are granted", "with every privilege there is"])("changes nothing else, %s", async (privileges) => {
    if (privileges !== "as they are granted") {
      await server.sql("grant all on all tables in schema holdfast to authenticated");
    }
    const bodyOf = async (key: string) =>
      String(
        (
          (await server.sql(
            `select parts[1]::text as id from holdfast.items where store = ${id} and key = '${key}'`,
          )) as {
            id: string;
          }[]
        )[0]?.id,
      );
    const [hers, his] = [await bodyOf("private"), await bodyOf("shared")];
    const copied = "key, version, header, created, hashes, encrypted";
    for (const text of [
      ...[
        "seq = 0",
        "seq = 9e18",
        "trimmed = seq",
        `last_version = 'ffffffffffff'`,
        "tokenizer = 99",
        "keep = 0",
        "name = 'x'",
      ].map((change) => `update holdfast.stores set ${change} where id = ${id} returning 1`),
      ...[`uploader = '${bob.id}'`, "refs = 0", "condemned = true", "name = 'x'", "touched = '2000-01-01'"].map(
        (change) => `update holdfast.bodies set ${change} where id = ${hers} returning 1`,
      ),
      ...["uploader = null", "refs = 0", "condemned = true", "name = 'x'", "sha256 = 'x'", "size = 0", "store = 0"].map(
        (change) => `update holdfast.bodies set ${change} where id = ${his} returning 1`,
      ),
      `delete from holdfast.bodies where store = ${id} returning 1`,
      `delete from holdfast.feed where store = ${id} returning 1`,
      `insert into holdfast.feed values (${id}, 1000, 'save', 'shared', '${VERSION}') returning 1`,
      `insert into holdfast.versions (store, ${copied}, parts, replaced)
         select store, ${copied}, array[${hers}], 0 from holdfast.items where store = ${id} and key = 'shared' returning 1`,
      `update holdfast.items set parts = array[${hers}] where store = ${id} and key = 'shared' returning 1`,
      `update holdfast.items set header = '{}' where store = ${id} and key = 'shared' returning 1`,
      `update holdfast.items set key = 'private' where store = ${id} and key = 'shared' returning 1`,
      `insert into holdfast.tombstones values (${id}, 'shared', 'ffffffffffff-0000-000000000000') returning 1`,
      `insert into holdfast.tombstones values (${id}, 'private', '${VERSION}') returning 1`,
      `select holdfast.enter_feed(${id}, '{save}', '{private}', '{${VERSION}}')`,
      `select holdfast.enter_feed(${id}, '{save}', '{shared}', '{ffffffffffff-0000-000000000000}')`,
    ]) {
      const came = await attempt(text);
      expect([[], refused], text).toContainEqual(came);
    }
    // What they upload themselves they may touch, and it is now whatever they say.
    expect(
      await attempt(
        `update holdfast.bodies set touched = '2000-01-01' where id = ${his} returning touched > '2001-01-01' as now`,
      ),
    ).toEqual([{ now: true }]);
    if (privileges !== "as they are granted") for (const text of readMigrations()) await server.sql(text);
  });

  it("sees of objects those that they have uploaded or can read", async () => {
    const names = (await attempt(`select name from holdfast.bodies where store = ${id}`)) as { name: string }[];
    const [shared] = (await server.sql(
      `select b.name from holdfast.bodies b join holdfast.items i on b.id = any (i.parts) where i.store = ${id} and i.key = 'shared'`,
    )) as { name: string }[];
    expect(names).toEqual([shared]);
    const [row] = (await server.sql(
      `select b.name from holdfast.bodies b join holdfast.items i on b.id = any (i.parts) where i.store = ${id} and i.key = 'private'`,
    )) as { name: string }[];
    expect((await bob.client.storage.from("holdfast").download(row?.name ?? "")).data).toBeNull();
    expectBytes(await anns.load("private"), LARGE);
  });
});

describe("a clock that is ahead", () => {
  it("may be the owner's, and then everybody goes on from there", async () => {
    const ahead = await openStorage(cloud({ client: ann.client, store }), {
      ports: { clock: { now: () => Date.now() + 1_000 * DAY } },
    });
    const { version } = await ahead.save("shared", "from the future");
    await ahead.close();
    const bobs = await openAsBob();
    for (let round = 0; round < 3; round++) {
      expect((await bobs.save("shared", round)).version > version).toBe(true);
      expect((await anns.save("shared", round)).version > version).toBe(true);
    }
    expect(await bobs.delete("shared")).toBe(true);
    await bobs.close();
  });

  it("of an editor's is told, and sets nobody else's", async () => {
    const bobs = await openAsBob(() => Date.now() + 3 * DAY);
    await expect(bobs.save("shared", 1)).rejects.toMatchObject({ code: "UNSUPPORTED", retryable: false });
    await expect(bobs.save("shared", 1)).rejects.toThrow(/clock/);
    await expect(bobs.delete("shared")).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await bobs.close();
    const near = await openAsBob(() => Date.now() + DAY);
    await near.save("shared", "tomorrow");
    await near.close();
    expect(await anns.load("shared")).toBe("tomorrow");
    await expectSound();
  });
});
