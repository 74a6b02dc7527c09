import {
  BEFORE_ALL_TIME,
  createMigrator,
  type History,
  type KeptRange,
  keyringOf,
  type RecordHeader,
  type StorageEngine,
  type Version,
} from "@holdfast/core";
import { defined, equal, ok } from "../assert.js";
import { keysOf } from "../collect.js";
import type { Context } from "../context.js";
import { TestKeys, theSameKey } from "../keys/test-keys.js";
import { noise } from "../samples/values.js";
import { persistence, type Theme } from "../suite.js";
import { opensEmpty } from "./refusals.js";
import { kept, open } from "./with-history.js";

const MIB = 1024 * 1024;
const SECRET = "unmistakable";

/** What encryption needs of an adapter beside what every record needs. */
export const encryption: Theme = {
  name: "encryption",
  cases: [
    {
      name: "encrypted values and metadata come back through another adapter, small and large",
      needs: persistence,
      otherwise: opensEmpty,
      once: true,
      async run(context) {
        const storage = await encrypting(context, { metadata: true });
        const large = noise(3 * MIB);
        const about = { tags: [SECRET], metadata: { author: SECRET } };
        await storage.save("small", { text: SECRET }, about);
        await storage.saveStream("large", streamOf(large));
        await context.close();
        const again = await encrypting(context, { metadata: true });
        equal(await again.load("small"), { text: SECRET }, "the small value");
        const item = defined(await again.stat("small"), "the small item");
        equal([item.tags, item.metadata, item.encrypted], [about.tags, about.metadata, true], "its tags and metadata");
        equal(await again.load("large"), large, "the large value");
        equal((await again.verify()).problems, [], "what verify finds");
        for (const query of [{ text: SECRET }, { tags: [SECRET] }, { where: { author: SECRET } }]) {
          equal(keysOf(await again.search(query)), [], `what is found by ${JSON.stringify(query)}`);
        }
      },
    },
    {
      name: "what was plain is not found any more once it is encrypted",
      once: true,
      async run(context) {
        const storage = await encrypting(context, { metadata: true });
        const about = { tags: [SECRET], metadata: { author: SECRET } };
        await storage.save("k", SECRET, { ...about, encrypt: false });
        equal(keysOf(await storage.search({ text: SECRET })), ["k"], "what is found while it is plain");
        await storage.save("k", SECRET, about);
        equal(await storage.count({ text: SECRET }), 0, "how many are found by text");
        equal(await storage.count({ tags: [SECRET] }), 0, "how many are found by the tag");
        equal(await storage.load("k"), SECRET, "the value");
      },
    },
    kept(
      "an encrypted save drops what is kept of its key in plain, in a batch and as a stream as well",
      async (context) => {
        const storage = await encrypting(context, {});
        const plain = { encrypt: false };
        const ways: ((key: string) => Promise<unknown>)[] = [
          (key) => storage.save(key, "encrypted"),
          (key) => storage.saveStream(key, streamOf(noise(10))),
          (key) => storage.update(key, () => "encrypted", { encrypt: true }),
        ];
        if (context.capabilities.batch === "atomic") {
          ways.push((key) => storage.batch([{ type: "save", key, data: "encrypted" }]));
        }
        for (const [way, save] of ways.entries()) {
          for (const key of [`standing ${way}`, `deleted ${way}`]) {
            await storage.save(key, 1, plain);
            await storage.save(key, 2, plain);
            if (key.startsWith("deleted")) await storage.delete(key);
            ok((await storage.history(key)).length > 0, "that something is kept while it is plain");
            await save(key);
            equal(await storage.history(key), [], `what is kept of ${key} once it is encrypted`);
            await storage.save(key, "encrypted again");
            equal((await storage.history(key)).length, 1, "how many encrypted versions are kept");
          }
        }
        await context.close();
        const without = await context.open({ settings: { history: false, encryption: { keys: theSameKey } } });
        await without.save("late", 1, plain);
        await context.close();
        const keeping = await open(context);
        await keeping.save("late", 2);
        await context.close();
        const again = await context.open({ settings: { history: false, encryption: { keys: theSameKey } } });
        await again.save("late", 3);
        await context.close();
        equal(
          await (await open(context)).history("late"),
          [],
          "what is kept of a key that was encrypted without history",
        );
      },
      undefined,
      true,
    ),
    {
      name: "a rotation changes nothing but the wrap, and nothing needs the former key",
      needs: persistence,
      otherwise: opensEmpty,
      once: true,
      async run(context) {
        const keys = new TestKeys();
        const keepsHistory = context.capabilities.history === "native";
        const settings = { encryption: { keys }, ...(keepsHistory && { history: { versions: 100 } }) };
        const storage = await context.open({ settings });
        const large = noise(MIB + 1);
        await storage.save("a", 1, { expiration: context.clock.in(1_000) });
        await storage.save("b", "before");
        await storage.save("b", "now", { tags: ["t"] });
        await storage.save("large", large);
        await storage.save("gone", 1);
        await storage.delete("gone");
        const items = await storage.list();
        const former = (await keys.load()).active;
        const { cursor } = await storage.getInfo();
        // Expired and not swept: its key is needed all the same.
        context.clock.advance(2_000);
        const report = await keyringOf(storage).rotate();
        equal([report.ok, report.failures], [true, []], "the report");
        const isNative = (await context.openAdapter()).rewrap !== undefined;
        if (isNative) {
          equal(report.rewritten, 0, "how many bodies were written");
          equal(await storage.list(), items.slice(1), "the items");
          equal((await storage.getInfo()).cursor, cursor, "where the feed stands");
        }
        equal([await storage.load("b"), await storage.load("large")], ["now", large], "the values");
        const usage = await keyringOf(storage).keys();
        if (isNative) equal(usage.find(({ id }) => id === former)?.items, 0, "the items that need the former key");
        const versions = keepsHistory ? [...(await storage.history("b")), ...(await storage.history("gone"))] : [];
        if (isNative) await keyringOf(storage).retire(former);
        await context.close();
        const again = await context.open({ settings });
        equal(await again.load("b"), "now", "the value in another adapter");
        const kept = versions.map(({ key, version }) => again.load(key, { version }));
        equal(await Promise.all(kept), keepsHistory ? ["before", 1] : [], "the versions that are kept");
        equal((await again.verify()).problems, [], "what verify finds");
        equal((await keyringOf(again).reencrypt()).ok, true, "whether all is encrypted anew");
        equal([await again.load("b"), await again.load("large")], ["now", large], "the values, encrypted anew");
        if (keepsHistory) equal(await again.history("b"), [], "what is kept once all is encrypted anew");
      },
    },
    kept(
      "what keeps versions lists those of all keys in pages, changes the wrap of each, and drops one alone",
      async (context) => {
        const storage = await encrypting(context, {});
        // In the order of code points, which is not that of UTF-16.
        const keys = ["a", "a/b", "gone", "\u{FFFD}", "\u{1F600}"];
        for (const key of keys) for (const value of [1, 2, 3]) await storage.save(key, value);
        await storage.save("expired", 1, { expiration: context.clock.in(1_000) });
        await storage.save("expired", 2);
        await storage.delete("gone");
        await storage.save("alone", 1);
        const expected = await expectedVersions(storage, [...keys.slice(0, 2), "expired", ...keys.slice(2)]);
        const large = (await storage.history("a"))[0];
        await context.close();
        context.clock.advance(2_000);
        const adapter = await context.openAdapter({ versions: 100, age: Number.POSITIVE_INFINITY });
        const { rewrap } = adapter;
        const history = defined(adapter.history, "history");
        ok(rewrap !== undefined, "that rewrap is there where history is");
        for (const limit of [1, 2, 100]) {
          equal(await pagesOf(history, limit), expected, `what is kept, in pages of ${limit}`);
        }
        const call = { signal: undefined };
        const alive = await history.scan({ after: undefined, limit: 100 }, { now: context.clock.now(), ...call });
        equal(keysOf(alive).includes("expired"), false, "whether what has expired by then is listed");

        const version = defined(large, "a kept version").version as Version;
        const before = defined(
          (await history.list("a", { now: context.clock.now(), ...call })).find(
            ({ header }) => header.version === version,
          ),
          "its header",
        ).header;
        const parts = { ...defined(before.encryption, "its encryption"), key: "0123456789abcdef" };
        equal(await rewrap?.call(adapter, "a", version, parts, call), true, "whether its wrap was replaced");
        const after = await history.get("a", version, { now: context.clock.now(), ...call });
        equal(after?.header, { ...before, encryption: parts }, "its header with another wrap");

        await history.drop("a", version, call);
        await history.drop("a", version, call);
        const standing = defined(await adapter.stat("a", { now: context.clock.now(), ...call }), "what stands");
        await history.drop("a", standing.version, call);
        await history.drop("nothing", version, call);
        equal(
          await pagesOf(history, 100),
          expected.filter((place) => place !== `a ${version}`),
          "what is kept once one was dropped",
        );
        equal(
          (await adapter.stat("a", { now: context.clock.now(), ...call }))?.version,
          standing.version,
          "what stands",
        );
      },
      undefined,
      true,
    ),
    {
      name: "the wrap of a version that is not there is not replaced",
      needs: persistence,
      otherwise: opensEmpty,
      once: true,
      async run(context) {
        const storage = await context.open({ settings: { encryption: { keys: theSameKey }, history: false } });
        const { version } = await storage.save("k", 1);
        await storage.save("k", 2);
        await context.close();
        const adapter = await context.openAdapter();
        const standing = defined(
          await adapter.stat("k", { now: context.clock.now(), signal: undefined }),
          "the header",
        );
        const parts = defined(standing.encryption, "its encryption");
        const call = { signal: undefined };
        const before = { ...standing, encryption: parts };
        // Without history the first version is gone.
        equal(
          (await adapter.rewrap?.("k", version as RecordHeader["version"], parts, call)) ?? false,
          false,
          "an old version",
        );
        equal((await adapter.rewrap?.("other", standing.version, parts, call)) ?? false, false, "another key");
        equal(await adapter.stat("k", { now: context.clock.now(), signal: undefined }), before, "what stands");
      },
    },
    {
      name: "ciphertext migrates as it is, to where no key is",
      needs: persistence,
      otherwise: opensEmpty,
      once: true,
      async run(context) {
        const storage = await encrypting(context, { metadata: true });
        await storage.save("small", { text: SECRET }, { tags: [SECRET] });
        await storage.save("large", noise(5 * MIB));
        await context.close();
        const from = await context.open({ settings: {} });
        const other = await context.elsewhere();
        const to = await other.open();
        const report = await createMigrator(from, to).migrate();
        equal([report.ok, report.copied, report.verified], [true, 2, 2], "the report");
        await other.close();
        const read = await encrypting(other, { metadata: true });
        equal(await read.load("small"), { text: SECRET }, "the small value");
        equal(await read.load("large"), noise(5 * MIB), "the large value");
        equal((await read.stat("small"))?.tags, [SECRET], "the tags");
      },
    },
  ],
};

/** Keys with kept versions, oldest first, as `scan` is to list them. */
async function expectedVersions(storage: StorageEngine, keys: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const key of keys) all.push(...(await storage.history(key)).map(({ version }) => `${key} ${version}`).reverse());
  return all;
}

async function pagesOf(history: History, limit: number): Promise<string[]> {
  const all: string[] = [];
  for (let after: KeptRange["after"]; ; ) {
    const page = await history.scan({ after, limit }, { now: BEFORE_ALL_TIME, signal: undefined });
    ok(page.length <= limit, "that a page is no longer than it may be");
    const listed = page.map(({ key, version }) => `${key} ${version}`);
    // Else a page that begins too early would be asked for without end.
    ok(!listed.some((each) => all.includes(each)), "that no version is on two pages");
    all.push(...listed);
    after = page.at(-1);
    if (page.length < limit) return all;
  }
}

function encrypting(context: Context, more: { metadata?: boolean }): Promise<StorageEngine> {
  const keepsHistory = context.capabilities.history === "native";
  const settings = { encryption: { keys: theSameKey, ...more }, ...(keepsHistory && { history: { versions: 100 } }) };
  return context.open({ settings });
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
