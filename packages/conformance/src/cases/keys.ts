import { compareKeys, type StorageEngine } from "@holdfast/core";
import { equal, ok, rejects } from "../assert.js";
import { collect, inPieces, keysOf } from "../collect.js";
import { awkwardKeys, illegalKeys, naughtyKeys } from "../samples/keys.js";
import { persistence, type Theme } from "../suite.js";
import { opensEmpty } from "./refusals.js";

export const keys: Theme = {
  name: "keys",
  cases: [
    {
      name: "legal keys come back byte for byte, all of them side by side",
      async run(context) {
        const storage = await context.open();
        ok(
          awkwardKeys.every((key) => naughtyKeys.includes(key)),
          "every awkward key is a legal one",
        );
        const items = await Promise.all(naughtyKeys.map((key, index) => storage.save(key, index)));
        equal(keysOf(items), naughtyKeys, "the keys that save returned");
        const sorted = [...naughtyKeys].sort(compareKeys);
        equal(keysOf(await storage.list()), sorted, "the keys listed");
        equal(keysOf(await storage.search({})), sorted, "the keys found");
        for (const [index, key] of naughtyKeys.entries()) {
          equal(await storage.load(key), index, `the value of ${JSON.stringify(key)}`);
          equal((await storage.stat(key))?.key, key, "the key that stat returned");
        }
      },
    },
    {
      name: "deleting one naughty key leaves all its look-alikes",
      async run(context) {
        const storage = await context.open();
        await Promise.all(awkwardKeys.map((key) => storage.save(key, key)));
        const left = new Set(awkwardKeys);
        for (const key of awkwardKeys.filter((_, index) => index % 3 === 0)) {
          equal(await storage.delete(key), left.delete(key), `delete ${JSON.stringify(key)}`);
        }
        equal(keysOf(await storage.list()), [...left].sort(compareKeys), "the keys left");
        for (const key of left) equal(await storage.load(key), key, "the value left");
      },
    },
    {
      name: "naughty keys survive reopening",
      needs: persistence,
      otherwise: opensEmpty,
      async run(context) {
        const storage = await context.open();
        await Promise.all(awkwardKeys.map((key) => storage.save(key, key)));
        const reopened = await context.reopen();
        equal(keysOf(await reopened.list()), [...awkwardKeys].sort(compareKeys), "the keys listed");
        for (const key of awkwardKeys) equal(await reopened.load(key), key, "the value");
      },
    },
    {
      name: "keys that differ only in case or normal form are different keys",
      async run(context) {
        const storage = await context.open();
        const twins = [
          "key",
          "Key",
          "KEY",
          "é",
          "e\u0301",
          "É",
          "ſ",
          "s",
          "ß",
          "ss",
          "ﬁ",
          "fi",
          "Å",
          "\u212b",
          "A\u030a",
        ];
        for (const [index, key] of twins.entries()) await storage.save(key, index);
        for (const [index, key] of twins.entries())
          equal(await storage.load(key), index, `the value of ${JSON.stringify(key)}`);
        equal(await storage.count(), twins.length, "count");
        equal(keysOf(await storage.list("e")), ["e\u0301"], "listed below the letter e");
      },
    },
    {
      name: "a key may lie beside keys below it",
      async run(context) {
        const storage = await context.open();
        await storage.save("a/b/c", "leaf");
        await storage.save("a", "root");
        await storage.save("a/b", "middle");
        equal(keysOf(await storage.list()), ["a", "a/b", "a/b/c"], "the keys listed");
        await storage.delete("a/b");
        equal(await storage.load("a"), "root", "the key above");
        equal(await storage.load("a/b/c"), "leaf", "the key below");
        await storage.delete("a");
        equal(keysOf(await storage.list()), ["a/b/c"], "the keys left");
      },
    },
    {
      name: "a key may have 1,024 bytes, in whatever letters, and not one more",
      async run(context) {
        const storage = await context.open();
        const most = context.maxKeyBytes;
        const longest = ["x", "é", "漢", "😀", "a/"].map((unit) => filled(unit, most));
        for (const key of longest) {
          await storage.save(key, key.length);
          equal(await storage.load(key), key.length, "the value under a key of full length");
          await rejects("INVALID_KEY", "one byte more", () => storage.save(`${key}x`, 1));
        }
        equal(keysOf(await storage.list()), longest.sort(compareKeys), "the keys listed");
      },
    },
    {
      name: "illegal keys are refused by every operation, and nothing is written",
      async run(context) {
        const storage = await context.open();
        for (const [illegal, fault] of illegalKeys) {
          for (const [operation, call] of operationsOn(storage, illegal as string)) {
            const error = await rejects("INVALID_KEY", `${operation} with ${fault}`, call);
            ok(error.message.length > 10, "the message says what is wrong");
          }
          equal(refusalOf(storage, illegal as string), "INVALID_KEY", `namespace with ${fault}`);
        }
        equal(await storage.list(), [], "what was written");
      },
    },
    {
      name: "a prefix of another type or with a control character is refused",
      async run(context) {
        const storage = await context.open();
        for (const prefix of ["a\u0000", "\n", "\u0085", 1, null, {}] as string[]) {
          const what = `the prefix ${JSON.stringify(prefix)}`;
          await rejects("INVALID_KEY", `list with ${what}`, () => storage.list(prefix));
          await rejects("INVALID_KEY", `scan with ${what}`, () => collect(storage.scan(prefix)));
          await rejects("INVALID_KEY", `search with ${what}`, () => storage.search({ prefix }));
          await rejects("INVALID_KEY", `count with ${what}`, () => storage.count({ prefix }));
          await rejects("INVALID_KEY", `verify with ${what}`, () => storage.verify(prefix));
          await rejects("INVALID_KEY", `watch with ${what}`, () => storage.watch(prefix, () => undefined));
        }
      },
    },
  ],
};

/** A key of so many bytes: `unit` as often as it fits, then "x". */
function filled(unit: string, bytes: number): string {
  const size = new TextEncoder().encode(unit).length;
  const times = Math.floor((bytes - 1) / size);
  return unit.repeat(times) + "x".repeat(bytes - times * size);
}

function operationsOn(storage: StorageEngine, key: string): [name: string, call: () => Promise<unknown>][] {
  const operations: [name: string, call: () => Promise<unknown>][] = [
    ["save", () => storage.save(key, 1)],
    ["load", () => storage.load(key)],
    ["stat", () => storage.stat(key)],
    ["exists", () => storage.exists(key)],
    ["delete", () => storage.delete(key)],
    ["update", () => storage.update(key, () => 1)],
    ["saveStream", () => storage.saveStream(key, inPieces(new Uint8Array(3), 1))],
    ["loadStream", () => storage.loadStream(key)],
  ];
  // No `after` at all is the start of the list.
  if (key !== undefined) operations.push(["list after", () => storage.list("", { after: key })]);
  return operations;
}

function refusalOf(storage: StorageEngine, prefix: string): unknown {
  try {
    storage.namespace(prefix);
    return "accepted";
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
