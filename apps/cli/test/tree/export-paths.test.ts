import { checkKey, StorageError } from "@holdfast/core";
import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExportPaths } from "../../src/tree/export-paths.ts";

const formats = fc.constantFrom("json", "yaml", "binary");
const keys = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(..."aAbB/.%~: é😀"), minLength: 1, maxLength: 12 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
    fc.constantFrom("a", "A", "a/b", "a.json", "A.JSON", "CON", "con.json", "a/CON", "a.", "a ", "\u00e4", "a\u0308"),
    fc.string({ unit: fc.constantFrom("x", "ß", "/", "X"), minLength: 200, maxLength: 500 }),
  )
  .filter(isKey);

describe("ExportPaths", () => {
  it("gives each key a path of its own, also where case and normal form make no difference", () => {
    fc.assert(
      fc.property(fc.uniqueArray(keys, { maxLength: 40 }), fc.infiniteStream(formats), (all, format) => {
        const paths = new ExportPaths();
        const given = all.map((key) => paths.fileFor(key, format.next().value));
        const folded = given.map((path) => path.normalize("NFKC").toLowerCase());
        expect(new Set(folded).size).toBe(all.length);
        // No file stands where another one needs a folder.
        const folders = new Set(folded.flatMap((path) => foldersOf(path)));
        for (const path of folded) expect(folders.has(path)).toBe(false);
      }),
      seeded({ numRuns: 300 }),
    );
  });

  it("gives only paths that every file system takes and that stay inside", () => {
    fc.assert(
      fc.property(keys, formats, (key, format) => {
        const path = new ExportPaths().fileFor(key, format);
        expect(Buffer.byteLength(path)).toBeLessThanOrEqual(720);
        for (const segment of path.split("/")) {
          expect(segment).not.toMatch(/^$|^\.{1,2}$|[<>:"\\|?*\p{Cc}]|[. ]$/u);
          expect(segment).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
          expect(segment.toLowerCase()).not.toBe(".holdfast");
          expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(220);
        }
      }),
      seeded({ numRuns: 500 }),
    );
  });

  it("keeps plain keys as they are, and names their format", () => {
    const paths = new ExportPaths();
    expect(paths.fileFor("Notes/first draft", "json")).toBe("Notes/first draft.json");
    expect(paths.fileFor("Notes/größe.JSON", "json")).toBe("Notes/größe.JSON");
    expect(paths.fileFor("plan", "yaml")).toBe("plan.yaml");
    expect(paths.fileFor("plan.yml", "yaml")).toBe("plan.yml");
    expect(paths.fileFor("photo.jpg", "binary")).toBe("photo.jpg");
    expect(paths.fileFor("50%", "binary")).toBe("50%25");
    expect(paths.fileFor("a:b?", "json")).toBe("a%3Ab%3F.json");
    expect(paths.fileFor("nul.txt", "binary")).toBe("%6Eul.txt");
    expect(paths.fileFor("x.", "binary")).toBe("x%2E");
  });

  it("marks the later one of two that would meet", () => {
    const paths = new ExportPaths();
    expect(paths.fileFor("A", "binary")).toBe("A");
    expect(paths.fileFor("a", "binary")).toBe("a%~2");
    expect(paths.fileFor("a/b", "binary")).toBe("a%~3/b");
    expect(paths.fileFor("a/c", "binary")).toBe("a%~3/c");
    expect(paths.fileFor("x", "json")).toBe("x.json");
    expect(paths.fileFor("x.json", "binary")).toBe("x.json%~2");
  });
});

function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function isKey(text: string): boolean {
  try {
    return checkKey(text) === text;
  } catch (error) {
    if (StorageError.is(error)) return false;
    throw error;
  }
}
