import type { CollectionQuery, JsonObject, StorageEngine, StorageItem } from "@holdfast/core";
import { defined, equal, ok } from "../assert.js";
import { keysOf } from "../collect.js";
import { generated } from "../generated.js";
import { searchOracle } from "../oracle/search-oracle.js";
import { searchedStores } from "../samples/queries.js";
import { persistence, racingWriters, type Theme } from "../suite.js";
import { opensEmpty } from "./refusals.js";

type Options = Parameters<StorageEngine["collection"]>[1];

// The name has no words, so that no text finds it.
const NAME = "_";
const INDEX: readonly string[] = ["a", "b", "c"];

/** What the indexed data and the versions of collections ask of an adapter: to keep headers whole, and to search `fields`. */
export const collections: Theme = {
  name: "collections",
  cases: [
    {
      name: "finds indexed data by where, sort and text, beside metadata",
      async run(context) {
        const things = collectionOf(await context.open());
        await things.save("1", { a: "red apple", b: 3, c: { d: [1, "5"] }, other: "grape" }, { metadata: { a: "x" } });
        await things.save("2", { a: "green apple", b: 5 }, { metadata: { a: "red", b: 3 } });
        await things.save("3", { b: "3" });
        await finds(things, { where: { b: 3 } }, ["1"]);
        await finds(things, { where: { "c.d": { gte: 1 } } }, ["1"]);
        await finds(things, { where: { "metadata.b": 3 } }, ["2"]);
        await finds(things, { where: { a: { exists: false } } }, ["3"]);
        await finds(things, { where: { b: 3, "metadata.a": "x" } }, ["1"]);
        await finds(things, { sort: "-b" }, ["3", "2", "1"]);
        await finds(things, { sort: "a" }, ["2", "1", "3"]);
        await finds(things, { sort: "metadata.a" }, ["2", "1", "3"]);
        await finds(things, { text: "app", sort: "key" }, ["1", "2"]);
        await finds(things, { text: "gra" }, []);
        await finds(things, { text: "red apple" }, ["1", "2"]);
        await finds(things, { text: "red", where: { b: { lt: 4 } } }, ["1"]);
        equal(await things.count({ where: { b: { gt: 1 } } }), 2, "how many have a number above 1");
        equal(
          (await things.search({ where: { b: 5 } })).map(({ data }) => data),
          [{ a: "green apple", b: 5 }],
          "data",
        );
      },
    },
    {
      name: "sees every write of indexed data at once",
      async run(context) {
        const storage = await context.open();
        const things = collectionOf(storage);
        await things.save("1", { a: "antique" });
        await things.save("1", { a: "modern" });
        await finds(things, { text: "antique" }, []);
        await finds(things, { text: "modern", where: { a: "modern" } }, ["1"]);
        await things.update("1", () => ({ b: 1 }));
        await finds(things, { text: "modern" }, []);
        await finds(things, { where: { a: { exists: false }, b: 1 } }, ["1"]);
        await storage.save(`${NAME}/1`, { b: 1 });
        equal(keysOf(await storage.search({ text: "modern" })), [], "what the storage finds of a raw save");
        await things.delete("1");
        await finds(things, { where: { b: { exists: true } } }, []);
      },
    },
    {
      name: "finds exactly what the rules say of data, for generated items and queries",
      async run(context) {
        const things = collectionOf(await context.open());
        await generated(context, 15, searchedStores, async ({ items, queries }) => {
          for (const { key } of await things.list()) await things.delete(key);
          const data = new Map<string, JsonObject>();
          for (const { key, tags, metadata, expires, pause } of items) {
            const expiration = expires === undefined ? {} : { expiration: context.clock.in(expires) };
            data.set(key, metadata);
            await things.save(key, metadata, { tags, ...expiration });
            context.clock.advance(pause);
          }
          // To the oracle, data is metadata: the rules are the same.
          const all = (await things.list()).map((item) => ({ ...item, metadata: data.get(item.key) ?? {} }));
          for (const query of queries) {
            const { sort, ...rest } = query;
            const asked = sort === undefined ? rest : { ...rest, sort: sort.replace("metadata.", "") };
            await finds(things, asked, keysOf(searchOracle(all, query)));
            const { limit: _, offset: __, ...unpaged } = query;
            equal(await things.count(asked), searchOracle(all, unpaged).length, `count of ${JSON.stringify(asked)}`);
          }
        });
      },
    },
    {
      name: "finds items of other versions and other indexed paths as what they are once upgraded",
      async run(context) {
        const storage = await context.open();
        const old = collectionOf(storage, { version: "1.0", index: ["title"] });
        await old.save("1", { title: "old tea", b: 2 }, { tags: ["x"] });
        await old.save("2", { title: "old cup", b: 3 });
        await collectionOf(storage, { index: ["b"] }).save("3", { a: "new tea", b: 1 });
        await collectionOf(storage).save("4", { a: "new pot", b: 4 });
        const things = collectionOf(storage, { ...fromTitle, writeBack: false });
        await finds(things, { text: "tea", sort: "b" }, ["3", "1"]);
        await finds(things, { sort: "-b", limit: 2, offset: 1 }, ["2", "1"]);
        await finds(things, { where: { a: "old cup" } }, ["2"]);
        await finds(things, { where: { b: { gt: 1 } }, tags: ["x"] }, ["1"]);
        equal(await things.count({ where: { b: { gte: 2 } } }), 3, "how many have at least 2");
        const report = await things.migrateAll();
        equal({ ok: report.ok, migrated: report.migrated, unchanged: report.unchanged }, everything, "the report");
        await finds(things, { text: "tea", sort: "b" }, ["3", "1"]);
        await finds(things, { sort: "-b", limit: 2, offset: 1 }, ["2", "1"]);
      },
    },
    {
      name: "an item that reading upgraded keeps all but its data",
      async run(context) {
        const storage = await context.open();
        const about = {
          tags: ["x"],
          metadata: { by: "Ann" },
          expiration: context.clock.in(1_000),
          format: "yaml",
        } as const;
        await collectionOf(storage, { version: "1.0" }).save("1", { title: "tea" }, about);
        const before = defined(await storage.stat(`${NAME}/1`), "the item before");
        context.clock.advance(500);
        const things = collectionOf(storage, fromTitle);
        equal(await things.load("1"), { a: "tea" }, "what is read");
        const after = defined(await storage.stat(`${NAME}/1`), "the item after");
        equal(lasting(after), lasting(before), "all that does not concern the data");
        equal([before.schema, after.schema], [`${NAME}@1.0`, `${NAME}@2.0`], "the versions of the data");
        ok(after.version > before.version, "the version of the item rises");
        equal(await storage.load(`${NAME}/1`), { a: "tea" }, "what is stored then");
        context.clock.advance(500);
        equal(await things.load("1"), undefined, "the item once it has expired");
      },
    },
    {
      name: "of writers that upgrade one item at once, none undoes another's work",
      needs: racingWriters,
      otherwise: async (context) => race(await context.open()),
      run: async (context) => race(await context.open(), await context.open()),
    },
    {
      name: "collections are the same after reopening",
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        const things = collectionOf(await context.open());
        await things.save("1", { a: "東京 tower", b: 3 });
        await things.save("2", { a: "other", b: 5 });
        const reopened = collectionOf(await context.reopen());
        await finds(reopened, { text: "東京 tow" }, ["1"]);
        await finds(reopened, { where: { b: { gt: 3 } } }, ["2"]);
        await finds(reopened, { sort: "-b" }, ["2", "1"]);
        equal(
          await reopened.status(),
          { name: NAME, version: "2.0", items: 2, versions: { "2.0": 2 }, current: 2 },
          "status",
        );
      },
    },
  ],
};

/** Takes anything; what data is like is not what is tested here. */
const schema: Options["schema"] = {
  "~standard": { version: 1, vendor: "holdfast", validate: (value) => ({ value }) },
};

const fromTitle: Partial<Options> = {
  migrations: [{ from: "1.0", to: "2.0", up: ({ title, ...rest }: { title: string }) => ({ ...rest, a: title }) }],
};

const everything = { ok: true, migrated: 3, unchanged: 1 };

function collectionOf(storage: StorageEngine, options: Partial<Options> = {}) {
  const { index = INDEX, ...rest } = options;
  return storage.collection(NAME, { schema, version: "2.0", ...rest, index });
}

function lasting({
  version: _,
  schema: __,
  size: ___,
  storedSize: ____,
  checksum: _____,
  ...rest
}: StorageItem): object {
  return rest;
}

async function race(first: StorageEngine, second: StorageEngine = first): Promise<void> {
  await collectionOf(first, { version: "1.0" }).save("1", { title: "0" });
  const count = (data: unknown) => ({ a: String(Number((data as { a: string }).a) + 1) });
  await Promise.all(
    [first, second].flatMap((storage) => {
      const things = collectionOf(storage, fromTitle);
      return [things.load("1"), things.update("1", count), things.migrateAll(), things.update("1", count)];
    }),
  );
  equal(await first.load(`${NAME}/1`), { a: "4" }, "the item after four updates");
  equal((await first.stat(`${NAME}/1`))?.schema, `${NAME}@2.0`, "its version");
}

async function finds(
  things: ReturnType<typeof collectionOf>,
  query: CollectionQuery,
  keys: readonly string[],
): Promise<void> {
  equal(keysOf(await things.search(query)), keys, `what ${JSON.stringify(query)} finds`);
}
