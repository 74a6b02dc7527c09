import type { Collection, DataPath, Found, StorageEngine, StorageItem } from "@holdfast/core";
import { type } from "arktype";
import * as v from "valibot";
import { expect, expectTypeOf, it } from "vitest";
import * as z from "zod";
import { open } from "./opened.js";

const schema = z.object({
  title: z.string(),
  stars: z.number().default(0),
  author: z.object({ name: z.string(), mail: z.string().optional() }),
  lines: z.array(z.object({ article: z.string() })),
});
interface Note {
  title: string;
  stars: number;
  author: { name: string; mail?: string | undefined };
  lines: { article: string }[];
}
interface NoteInput {
  title: string;
  stars?: number | undefined;
  author: { name: string; mail?: string | undefined };
  lines: { article: string }[];
}

function notesOf(storage: StorageEngine) {
  return storage.collection("notes", { schema, version: "1.0", index: ["author.name", "stars", "lines"] });
}
type Notes = ReturnType<typeof notesOf>;

it("infers the data from the schema, through load, update and search", async () => {
  const notes = notesOf((await open()).storage);
  expect(notes).toMatchObject({ name: "notes", version: "1.0" });
  expectTypeOf(notes.load).returns.resolves.toEqualTypeOf<Note | undefined>();
  expectTypeOf(notes.save).parameter(1).toEqualTypeOf<NoteInput>();
  expectTypeOf(notes.search).returns.resolves.toEqualTypeOf<Found<Note>[]>();
  expectTypeOf(notes.list).returns.resolves.toEqualTypeOf<StorageItem[]>();
  expectTypeOf<Parameters<Parameters<Notes["update"]>[1]>[0]>().toEqualTypeOf<Note | undefined>();
  expectTypeOf<Awaited<ReturnType<Parameters<Notes["update"]>[1]>>>().toEqualTypeOf<NoteInput | undefined>();
});

it("infers from every library alike", async () => {
  const { storage } = await open();
  const byValibot = storage.collection("a", { schema: v.object({ n: v.optional(v.number(), 1) }), version: "1.0" });
  const byArktype = storage.collection("b", { schema: type({ n: "number = 1" }), version: "1.0" });
  expectTypeOf(byValibot).toExtend<Collection<{ n?: number | undefined }, { n: number }, never>>();
  expectTypeOf(byArktype.load).returns.resolves.toEqualTypeOf<{ n: number } | undefined>();
  expectTypeOf(byArktype.save).parameter(1).toEqualTypeOf<{ n?: number }>();
});

it("knows the paths of the data, and which of them are indexed", async () => {
  const notes = notesOf((await open()).storage);
  expectTypeOf<DataPath<Note>>().toEqualTypeOf<
    "title" | "stars" | "author" | "author.name" | "author.mail" | "lines" | "lines.article"
  >();
  expectTypeOf<DataPath<unknown>>().toEqualTypeOf<string>();
  expectTypeOf<DataPath<string>>().toEqualTypeOf<never>();
  expectTypeOf<DataPath<Note[]>>().toEqualTypeOf<never>();
  expectTypeOf<DataPath<readonly [Note]>>().toEqualTypeOf<never>();
  expectTypeOf<DataPath<{ a: Note[][] }>>().extract<"a.title">().toEqualTypeOf<"a.title">();
  interface Tree {
    name: string;
    children: Tree[];
  }
  expectTypeOf<"children.children.name">().toExtend<DataPath<Tree>>();

  await notes.search({ where: { "author.name": "Ann", stars: { gte: 1 }, "metadata.source": "web" }, sort: "-stars" });
  await notes.search({ where: { "lines.article": "tea" }, sort: "metadata.source" });
  // @ts-expect-error not in the index
  await expect(notes.search({ where: { title: "x" } })).rejects.toThrow("author.name, stars, lines");
  // @ts-expect-error not in the index
  await expect(notes.search({ sort: "-title" })).rejects.toThrow("author.name, stars, lines");
  // @ts-expect-error no path of the data
  notesOf.length === 1 && (await open()).storage.collection("x", { schema, version: "1.0", index: ["nonsense"] });
  // @ts-expect-error nothing in a list is indexed
  (await open()).storage.collection("x", { schema: z.array(schema), version: "1.0", index: ["title"] });
});

it("takes steps that name the types of their data", async () => {
  const { storage } = await open();
  const notes = storage.collection("notes", {
    schema: z.object({ title: z.string() }),
    version: "2.0",
    migrations: [
      {
        from: "1.0",
        to: "2.0",
        up: (old: { text: string }) => ({ title: old.text }),
        down: (note: { title: string }) => ({ text: note.title }),
      },
    ],
  });
  expectTypeOf(notes.load).returns.resolves.toEqualTypeOf<{ title: string } | undefined>();
});
