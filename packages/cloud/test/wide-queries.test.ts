import { cloud } from "@holdfast/cloud";
import { openStorage, type Query, type StorageEngine } from "@holdfast/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedServer } from "./support/shared-server.ts";

let storage: StorageEngine;

beforeAll(async () => {
  const { client } = await sharedServer().signUp();
  storage = await openStorage(cloud({ client, store: "wide queries" }));
});

afterAll(() => storage?.close());

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}${n}x`);

describe.each([33, 1_200])("%i of everything", (width) => {
  const prefix = `${width}/`;
  const words = numbered("word", width);
  const tags = numbered("tag", width);
  const names = numbered("name", width);
  const text = words.join(" ");
  const where = Object.fromEntries(names.map((name, n) => [`of.${name}`, n]));

  beforeAll(async () => {
    const save = async (key: string, [words, tags, names]: readonly (readonly string[])[]) => {
      const of = Object.fromEntries((names ?? []).map((name, n) => [name, n]));
      await storage.save(`${prefix}${key}`, key, {
        tags: [...(tags ?? [])],
        metadata: { text: words?.join(" ") ?? "", of },
      });
    };
    await save("whole", [words, tags, names]);
    await save("again", [words, tags, names]);
    // What was changed last is met by its beginning alone: it ranks behind the others.
    await save("longer", [[...words.slice(0, -1), `${words.at(-1)}y`], tags, names]);
    await save("words", [words.slice(0, -1), tags, names]);
    await save("tags", [words, tags.slice(0, -1), names]);
    await save("names", [words, tags, names.slice(0, -1)]);
  });

  const ranked = ["again", "whole", "longer"];
  const queries: [string, Query, string[]][] = [
    ["text", { text }, ["names", "tags", ...ranked]],
    ["tags", { tags, sort: "key" }, ["again", "longer", "names", "whole", "words"]],
    ["conditions", { where, sort: "key" }, ["again", "longer", "tags", "whole", "words"]],
    ["all three", { text, tags, where }, ranked],
  ];
  it.each(queries)(
    "%s: the items that have all of them are found, in their order, and counted",
    async (_, query, found) => {
      const search = async (page: Query) => {
        const items = await storage.search({ ...query, prefix, ...page });
        return items.map(({ key }) => key.slice(prefix.length));
      };
      expect(await search({})).toEqual(found);
      expect(await search({ limit: 2, offset: 1 })).toEqual(found.slice(1, 3));
      expect(await storage.count({ ...query, prefix })).toBe(found.length);
    },
  );
});
