import type { Query, StorageEngine } from "@holdfast/core";
import { equal } from "../assert.js";
import { keysOf } from "../collect.js";
import { generated } from "../generated.js";
import { searchOracle } from "../oracle/search-oracle.js";
import { searchedStores } from "../samples/queries.js";
import { persistence, type Theme } from "../suite.js";
import { opensEmpty } from "./refusals.js";

export const search: Theme = {
  name: "search",
  cases: [
    {
      name: "finds what has all of the tags",
      async run(context) {
        const storage = await context.open();
        await storage.save("a", 1, { tags: ["x", "y"] });
        await storage.save("b", 1, { tags: ["x"] });
        await storage.save("c", 1, { tags: ["X", "xy"] });
        await finds(storage, { tags: ["x"] }, ["a", "b"]);
        await finds(storage, { tags: ["x", "y"] }, ["a"]);
        await finds(storage, { tags: ["x", "y", "z"] }, []);
        await finds(storage, { tags: [] }, ["a", "b", "c"]);
        await finds(storage, { tags: [""] }, []);
        await finds(storage, { tags: ["\ud83d"] }, []);
      },
    },
    {
      name: "compares metadata by its paths, and never across types",
      async run(context) {
        const storage = await context.open();
        const saved: [string, Parameters<StorageEngine["save"]>[2]][] = [
          ["bool", { metadata: { v: true } }],
          ["list", { metadata: { v: [1, "5", [9]] } }],
          ["none", {}],
          ["null", { metadata: { v: null } }],
          ["num", { metadata: { v: 5, deep: { n: 1, list: [{ n: 2 }, { n: 3, m: 1 }] } } }],
          ["object", { metadata: { v: { w: 5 } } }],
          ["text", { metadata: { v: "5", "a.b": 1, deep: { n: "1" } } }],
        ];
        for (const [key, options] of saved) await storage.save(key, 1, options);
        await finds(storage, { where: { v: 5 } }, ["num"]);
        await finds(storage, { where: { v: "5" } }, ["list", "text"]);
        await finds(storage, { where: { v: true } }, ["bool"]);
        await finds(storage, { where: { v: false } }, []);
        await finds(storage, { where: { v: null } }, ["null"]);
        await finds(storage, { where: { v: 9 } }, ["list"]);
        await finds(storage, { where: { v: { gt: 4 } } }, ["list", "num"]);
        await finds(storage, { where: { v: { gte: 5, lte: 5 } } }, ["num"]);
        await finds(storage, { where: { v: { gt: "4" } } }, ["list", "text"]);
        await finds(storage, { where: { v: { gt: 1, lt: 9 } } }, ["num"]);
        await finds(storage, { where: { v: { in: [true, null, 1] } } }, ["bool", "list", "null"]);
        await finds(storage, { where: { v: { in: [] } } }, []);
        await finds(storage, { where: { v: { exists: true } } }, ["bool", "list", "null", "num", "object", "text"]);
        await finds(storage, { where: { v: { exists: false } } }, ["none"]);
        await finds(storage, { where: { "v.w": 5 } }, ["object"]);
        await finds(storage, { where: { "deep.n": 1 } }, ["num"]);
        await finds(storage, { where: { "deep.list.n": 3 } }, ["num"]);
        await finds(storage, { where: { "deep.list.n": { gt: 2, lt: 3 } } }, []);
        await finds(storage, { where: { "deep.list.m": { exists: true } } }, ["num"]);
        await finds(storage, { where: { "a\\.b": 1 } }, ["text"]);
        await finds(storage, { where: { "a.b": 1 } }, []);
        await finds(storage, { where: { v: "5", "deep.n": "1" } }, ["text"]);
        await finds(storage, { where: { constructor: { exists: true } } }, []);
        await finds(storage, { where: { "v.length": { exists: true } } }, []);
      },
    },
    {
      name: "finds words of keys, tags and metadata by how they start",
      async run(context) {
        const storage = await context.open();
        await storage.save("reports/annual-2025", 1);
        await storage.save("b", 1, { tags: ["Annual report"] });
        await storage.save("c", 1, { metadata: { title: "The ANNUAL", deep: [{ more: "Reports" }] } });
        await storage.save("d", "annual report in the data", { metadata: { annual: "name only", n: 2025 } });
        await finds(storage, { text: "annual", sort: "key" }, ["b", "c", "reports/annual-2025"]);
        await finds(storage, { text: "ann REP", sort: "key" }, ["b", "c", "reports/annual-2025"]);
        await finds(storage, { text: "nual" }, []);
        await finds(storage, { text: "2025" }, ["reports/annual-2025"]);
        await finds(storage, { text: "202-ann" }, ["reports/annual-2025"]);
        await finds(storage, { text: "annual missing" }, []);
      },
    },
    {
      name: "a text without words matches nothing",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1, { tags: ["!?", "😀"] });
        for (const text of ["", " ", "!?", "😀", "-", "\u0301", "\ud83d"]) {
          await finds(storage, { text }, []);
          equal(await storage.count({ text }), 0, `count of the text ${JSON.stringify(text)}`);
        }
      },
    },
    {
      name: "letters match whatever their case, marks and width",
      async run(context) {
        const storage = await context.open();
        const words = [
          "Zoë",
          "STRASSE",
          "ﬁnal",
          "ＡＢＣ",
          "e\u0301tude",
          "ΣΊΣΥΦΟΣ",
          "Ёлка",
          "İzmir",
          "can't",
          "3.14",
          "flow.blueprint",
        ];
        for (const [index, word] of words.entries()) await storage.save(`k${index}`, 1, { metadata: { word } });
        const queries: [text: string, word: string][] = [
          ["zoe", "Zoë"],
          ["ZOË", "Zoë"],
          ["strass", "STRASSE"],
          ["final", "ﬁnal"],
          ["fi", "ﬁnal"],
          ["abc", "ＡＢＣ"],
          ["ÉTUDE", "e\u0301tude"],
          ["σίσυφος", "ΣΊΣΥΦΟΣ"],
          ["елк", "Ёлка"],
          ["izmir", "İzmir"],
          ["can", "can't"],
          ["14", "3.14"],
          ["blueprint flow", "flow.blueprint"],
        ];
        for (const [text, word] of queries) await finds(storage, { text }, [`k${words.indexOf(word)}`]);
      },
    },
    {
      name: "scripts without spaces are found by any part of a run",
      async run(context) {
        const storage = await context.open();
        await storage.save("tokyo", 1, { metadata: { place: "東京都庁" } });
        await storage.save("kyoto", 1, { metadata: { place: "京都市" } });
        await storage.save("thai", 1, { tags: ["ภาษาไทย"] });
        await storage.save("korean", 1, { tags: ["한국어"] });
        await storage.save("kana", 1, { tags: ["カタカナ"] });
        await finds(storage, { text: "東京" }, ["tokyo"]);
        await finds(storage, { text: "京都", sort: "key" }, ["kyoto", "tokyo"]);
        await finds(storage, { text: "京", sort: "key" }, ["kyoto", "tokyo"]);
        await finds(storage, { text: "都庁" }, ["tokyo"]);
        await finds(storage, { text: "庁" }, ["tokyo"]);
        await finds(storage, { text: "東都" }, []);
        await finds(storage, { text: "ไทย" }, ["thai"]);
        await finds(storage, { text: "국어" }, ["korean"]);
        await finds(storage, { text: "タカ" }, ["kana"]);
      },
    },
    {
      name: "ranks by terms met exactly, then by the newest, then by key",
      async run(context) {
        const storage = await context.open();
        for (const [key, title] of [
          ["exact-old", "green tea"],
          ["prefix", "greenish teapot"],
          ["half-old", "green teapot"],
          ["exact-new", "tea, green"],
          ["half-new", "greenish tea"],
        ] as const) {
          await storage.save(key, 1, { metadata: { title } });
          context.clock.advance(1_000);
        }
        for (const key of ["tie-b", "tie-a"]) await storage.save(key, 1, { metadata: { title: "green tea" } });
        await finds(storage, { text: "green tea" }, [
          "tie-a",
          "tie-b",
          "exact-new",
          "exact-old",
          "half-new",
          "half-old",
          "prefix",
        ]);
        await finds(storage, { text: "tea green", limit: 2, offset: 3 }, ["exact-old", "half-new"]);
        await finds(storage, { text: "green tea", sort: "key", limit: 2 }, ["exact-new", "exact-old"]);
      },
    },
    {
      name: "sorts by every field, backwards too, with ties by key and missing values last",
      async run(context) {
        const storage = await context.open();
        const sizes = [3, 1, 2];
        for (const [index, key] of ["b", "a", "c"].entries()) {
          const expiration = index === 1 ? {} : { expiration: context.clock.in(100_000 - index) };
          await storage.save(key, "x".repeat(sizes[index] ?? 0), {
            ...expiration,
            metadata: index === 0 ? {} : { n: index },
          });
          context.clock.advance(10);
        }
        await storage.save("a", "x");
        await finds(storage, { sort: "key" }, ["a", "b", "c"]);
        await finds(storage, { sort: "-key" }, ["c", "b", "a"]);
        await finds(storage, { sort: "created" }, ["b", "a", "c"]);
        await finds(storage, { sort: "-created" }, ["c", "a", "b"]);
        await finds(storage, { sort: "modified" }, ["b", "c", "a"]);
        await finds(storage, { sort: "-modified" }, ["a", "c", "b"]);
        await finds(storage, { sort: "size" }, ["a", "c", "b"]);
        await finds(storage, { sort: "-size" }, ["b", "c", "a"]);
        await finds(storage, { sort: "expiration" }, ["b", "c", "a"]);
        await finds(storage, { sort: "-expiration" }, ["c", "b", "a"]);
        await finds(storage, { sort: "metadata.n" }, ["c", "a", "b"]);
        await finds(storage, { sort: "-metadata.n" }, ["c", "a", "b"]);
      },
    },
    {
      name: "count is how many match, whatever the page",
      async run(context) {
        const storage = await context.open();
        for (let index = 0; index < 20; index++)
          await storage.save(`k${index}`, index, { tags: [index % 2 ? "odd" : "even"] });
        equal(await storage.count(), 20, "count of all");
        equal(await storage.count({ tags: ["odd"] }), 10, "count of some");
        equal(await storage.count({ tags: ["odd"], limit: 3, offset: 5, sort: "-key" }), 10, "count with a page");
        equal(await storage.count({ prefix: "k1", tags: ["odd"] }), 6, "count below a prefix");
        equal((await storage.search({ tags: ["odd"], limit: 3 })).length, 3, "items of a page");
        equal(await storage.search({ limit: 0 }), [], "a page of none");
        equal(await storage.search({ offset: 20 }), [], "a page behind the end");
      },
    },
    {
      name: "sees every write at once: overwritten, updated, deleted and created anew",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1, { tags: ["old"], metadata: { title: "antique" } });
        await finds(storage, { text: "antique" }, ["k"]);
        await storage.save("k", 1, { tags: ["new"], metadata: { title: "modern" } });
        await finds(storage, { text: "antique" }, []);
        await finds(storage, { tags: ["old"] }, []);
        await finds(storage, { text: "modern", tags: ["new"], where: { title: "modern" } }, ["k"]);
        await storage.update("k", () => 2, { tags: ["newer"] });
        await finds(storage, { tags: ["new"] }, []);
        await finds(storage, { text: "newer modern" }, ["k"]);
        await storage.delete("k");
        await finds(storage, { text: "modern" }, []);
        await storage.save("k", 1);
        await finds(storage, { text: "modern" }, []);
        await finds(storage, { text: "k" }, ["k"]);
      },
    },
    {
      name: "finds the same after reopening",
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        const storage = await context.open();
        await storage.save("a/1", 1, { tags: ["t"], metadata: { title: "東京 tower", n: 3 } });
        await storage.save("a/2", 1, { tags: ["t"], metadata: { title: "other", n: 5 } });
        const reopened = await context.reopen();
        await finds(reopened, { text: "東京 tow" }, ["a/1"]);
        await finds(reopened, { tags: ["t"], where: { n: { gt: 3 } } }, ["a/2"]);
        await finds(reopened, { prefix: "a/", sort: "-metadata.n" }, ["a/2", "a/1"]);
      },
    },
    {
      name: "finds exactly what the rules say, for generated items and queries",
      async run(context) {
        const storage = await context.open();
        await generated(context, 25, searchedStores, async ({ items, queries }) => {
          for (const { key } of await storage.list()) await storage.delete(key);
          for (const { key, tags, metadata, size, expires, pause } of items) {
            const expiration = expires === undefined ? {} : { expiration: context.clock.in(expires) };
            await storage.save(key, "x".repeat(size), { tags, metadata, ...expiration });
            context.clock.advance(pause);
          }
          const all = await storage.list();
          for (const query of queries) {
            const expected = searchOracle(all, query);
            equal(keysOf(await storage.search(query)), keysOf(expected), `what ${JSON.stringify(query)} finds`);
            const { limit: _, offset: __, ...unpaged } = query;
            equal(
              await storage.count(query),
              searchOracle(all, unpaged).length,
              `how many ${JSON.stringify(query)} matches`,
            );
          }
        });
      },
    },
  ],
};

async function finds(storage: StorageEngine, query: Query, keys: readonly string[]): Promise<void> {
  equal(keysOf(await storage.search(query)), keys, `what ${JSON.stringify(query)} finds`);
}
