import { compareKeys, type StorageItem } from "@holdfast/core";
import { equal, ok, rejects } from "../assert.js";
import { collect, keysOf } from "../collect.js";
import type { Context } from "../context.js";
import type { Theme } from "../suite.js";

const MANY = 5_000;

export const listing: Theme = {
  name: "list and scan",
  cases: [
    {
      name: "a prefix is a literal start of the key, not a segment and not a pattern",
      async run(context) {
        const storage = await context.open();
        const keys = [
          "a%b",
          "a*b",
          "a?b",
          "aXb",
          "a[x]b",
          "axb",
          "a_b",
          "a__b",
          "a\\b",
          "a\\_b",
          "ab",
          "a/b",
          "a.b",
          "a^b",
          "a$b",
          "A_b",
          "a'b",
        ];
        await Promise.all(keys.map((key) => storage.save(key, key)));
        const prefixes = [
          ...[
            "",
            "a",
            "a_",
            "a__",
            "a%",
            "a*",
            "a?",
            "a[",
            "a[x]",
            "a\\",
            "a\\_",
            "a/",
            "a.",
            "a^",
            "a$",
            "a'",
            "A",
            "%",
            "_",
            "*",
          ],
          ...["a_b", "a_b/", "ab", "abc", "[a]", "a\\%", "?", ".", "/", "//", "..", "a//"],
        ];
        for (const prefix of prefixes) {
          const expected = keys.filter((key) => key.startsWith(prefix)).sort(compareKeys);
          const what = `below ${JSON.stringify(prefix)}`;
          equal(keysOf(await storage.list(prefix)), expected, `listed ${what}`);
          equal(keysOf(await collect(storage.scan(prefix))), expected, `scanned ${what}`);
          equal(keysOf(await storage.search({ prefix })), expected, `found ${what}`);
          equal(await storage.count({ prefix }), expected.length, `counted ${what}`);
        }
      },
    },
    {
      name: "a prefix in another case or normal form matches nothing",
      async run(context) {
        const storage = await context.open();
        for (const key of ["Straße/1", "é/1", "İ/1", "ﬁ/1"]) await storage.save(key, 1);
        for (const prefix of ["straße", "STRASSE", "Strasse", "e\u0301", "É", "e", "i", "I", "fi"]) {
          equal(await storage.list(prefix), [], `listed below ${JSON.stringify(prefix)}`);
          equal(await storage.count({ prefix }), 0, `counted below ${JSON.stringify(prefix)}`);
        }
        equal(keysOf(await storage.list("Straß")), ["Straße/1"], "listed below the very start");
      },
    },
    {
      name: "half of a surrogate pair starts no key",
      async run(context) {
        const storage = await context.open();
        for (const key of ["😀", "😁/x", "\ufffd", "a😀", "\ufffd\ufffd"]) await storage.save(key, 1);
        for (const prefix of ["\ud83d", "\ude00", "a\ud83d", "\ud83d\ud83d", "\udfff"]) {
          const what = JSON.stringify(prefix);
          equal(await storage.list(prefix), [], `listed below ${what}`);
          equal(await collect(storage.scan(prefix)), [], `scanned below ${what}`);
          equal(await storage.search({ prefix }), [], `found below ${what}`);
          equal(await storage.count({ prefix }), 0, `counted below ${what}`);
        }
      },
    },
    {
      name: "keys are ordered by their code points",
      async run(context) {
        const storage = await context.open();
        const expected = [
          ...Array.from(" !-.", (letter) => `k${letter}`),
          "k/x",
          ...Array.from("019ABZ_abz~", (letter) => `k${letter}`),
          ...[
            "k\u00a0",
            "kß",
            "ké",
            "k\u0301",
            "k漢",
            "k\ud7ff",
            "k\ue000",
            "k\uf8ff",
            "k\ufeff",
            "k\ufffd",
            "k\uffff",
          ],
          ...["k\u{10000}", "k\u{1f600}", "k\u{10ffff}", "k\u{10ffff}\u{10ffff}"],
        ];
        await Promise.all([...expected].reverse().map((key) => storage.save(key, 1)));
        equal(keysOf(await storage.list()), expected, "the keys listed");
        equal(keysOf(await collect(storage.scan())), expected, "the keys scanned");
        equal(keysOf(await storage.search({ sort: "-key" })), [...expected].reverse(), "the keys sorted backwards");
        for (const [index, after] of expected.entries()) {
          equal(
            keysOf(await storage.list("", { after, limit: 3 })),
            expected.slice(index + 1, index + 4),
            `behind ${JSON.stringify(after)}`,
          );
        }
      },
    },
    {
      name: "limit and after cut the list where they say",
      async run(context) {
        const storage = await context.open();
        const keys = ["a", "a/1", "a/2", "a/3", "b", "c"];
        for (const key of keys) await storage.save(key, key);
        const listed = async (...args: Parameters<typeof storage.list>) => keysOf(await storage.list(...args));
        equal(await listed("", { limit: 0 }), [], "limit 0");
        equal(await listed("", { limit: 2 }), ["a", "a/1"], "limit 2");
        equal(await listed("", { limit: 6 }), keys, "as many as there are");
        equal(await listed("", { limit: Number.MAX_SAFE_INTEGER }), keys, "more than there are");
        equal(await listed("", { after: "a/1" }), ["a/2", "a/3", "b", "c"], "after a key");
        equal(await listed("", { after: "a/1x" }), ["a/2", "a/3", "b", "c"], "after a key that is not there");
        equal(await listed("", { after: "c" }), [], "after the last");
        equal(await listed("", { after: "zzz" }), [], "after everything");
        equal(await listed("a/", { after: "a" }), ["a/1", "a/2", "a/3"], "after a key in front of the prefix");
        equal(await listed("a/", { after: "a/2", limit: 5 }), ["a/3"], "after a key below the prefix");
        equal(await listed("a/", { after: "b" }), [], "after a key behind the prefix");
        equal(await listed("a", { after: "a", limit: 2 }), ["a/1", "a/2"], "after the prefix itself");
        equal(keysOf(await collect(storage.scan("a", { after: "a/1" }))), ["a/2", "a/3"], "a scan after a key");
        await rejects("INVALID_KEY", "after an illegal key", () => storage.list("", { after: "a//" }));
      },
    },
    {
      name: "pages over many items repeat none and skip none, in any size",
      once: true,
      async run(context) {
        const expected = await fillWithMany(context);
        const storage = await context.open();
        for (const limit of [777, 1_000, 4_096]) {
          const seen: string[] = [];
          for (let after: string | undefined; ; ) {
            const page = keysOf(await storage.list("", { limit, after }));
            ok(page.length <= limit, `a page has at most ${limit}`);
            seen.push(...page);
            if (page.length < limit) break;
            after = page.at(-1);
          }
          equal(seen, expected, `the keys in pages of ${limit}`);
        }
        equal(keysOf(await storage.list()), expected, "the keys without pages");
        equal(keysOf(await collect(storage.scan())), expected, "the keys scanned");
        equal(await storage.count(), MANY, "the count");
      },
    },
    {
      name: "writes during a scan repeat nothing and hide nothing that stays",
      once: true,
      async run(context) {
        const storage = await context.open();
        const keys = Array.from({ length: 2_500 }, (_, index) => `k${String(index).padStart(5, "0")}`);
        await Promise.all(keys.map((key) => storage.save(key, 1)));
        const seen: StorageItem[] = [];
        for await (const item of storage.scan()) {
          seen.push(item);
          if (seen.length % 500 !== 1) continue;
          // In front of the scan, behind it, and under it.
          await storage.save(`${item.key}+`, "new");
          await storage.save(`zz${seen.length}`, "new");
          await storage.save(`a${seen.length}`, "new");
          await storage.delete(item.key);
          await storage.save("k02499", seen.length);
        }
        const found = keysOf(seen);
        equal(new Set(found).size, found.length, "how many keys were seen once");
        equal(
          found.filter((key) => keys.includes(key)),
          keys,
          "the keys that were there all the time",
        );
        equal([...found].sort(compareKeys), found, "the order");
      },
    },
    {
      name: "a scan may be left early, and many may run at once",
      async run(context) {
        const storage = await context.open();
        const keys = Array.from({ length: 20 }, (_, index) => `k${String(index).padStart(2, "0")}`);
        for (const key of keys) await storage.save(key, 1);
        for await (const { key } of storage.scan()) {
          if (key === "k02") break;
        }
        const [one, other] = [storage.scan(), storage.scan("k1")];
        const scans = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()] as const;
        equal((await scans[0].next()).value?.key, "k00", "the first scan");
        equal((await scans[1].next()).value?.key, "k10", "the second scan");
        equal((await scans[0].next()).value?.key, "k01", "the first scan again");
        await storage.save("k00", 2);
        equal(await storage.load("k00"), 2, "a write while scans are open");
      },
    },
  ],
};

async function fillWithMany(context: Context): Promise<string[]> {
  const storage = await context.open();
  const keys = Array.from({ length: MANY }, (_, index) => `${index % 7}/${((index * 7_919) % MANY).toString(36)}`);
  for (let start = 0; start < MANY; start += 1_000) {
    await Promise.all(keys.slice(start, start + 1_000).map((key, index) => storage.save(key, index)));
  }
  return keys.sort(compareKeys);
}
