import { describe, expect, it } from "vitest";
import { checkPackedFiles } from "../src/packed-files.ts";

const manifest = { exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } } };
const files = ["LICENSE", "README.md", "dist/index.d.ts", "dist/index.js", "dist/index.js.map", "package.json"];
const everySourceExists = () => true;

describe("checkPackedFiles", () => {
  it("accepts compiled output with its entries", () => {
    expect(checkPackedFiles(files, everySourceExists, manifest)).toEqual([]);
  });

  it("refuses an entry that is not packed", () => {
    const withBin = { ...manifest, bin: { holdfast: "./dist/main.js" } };
    expect(checkPackedFiles(files, everySourceExists, withBin)).toEqual([
      "package.json names dist/main.js, which is not packed",
    ]);
  });

  it.each(["src/index.ts", "test/a.test.ts", "dist/tsconfig.tsbuildinfo", ".env"])("refuses %s", (path) => {
    expect(checkPackedFiles([...files, path], everySourceExists, manifest)).toEqual([
      `${path} does not belong in the package`,
    ]);
  });

  it("accepts what an entry with a star names, and misses it where nothing is there", () => {
    const withSql = { exports: { ...manifest.exports, "./sql/*": "./sql/*" } };
    expect(checkPackedFiles([...files, "sql/1_tables.sql"], everySourceExists, withSql)).toEqual([]);
    expect(checkPackedFiles(files, everySourceExists, withSql)).toEqual([
      "package.json names sql/*, which is not packed",
    ]);
    expect(checkPackedFiles([...files, "sql/1_tables.sql"], everySourceExists, manifest)).toHaveLength(1);
  });

  it("refuses output whose source is gone", () => {
    expect(checkPackedFiles([...files, "dist/old.js"], (path) => path !== "src/old.ts", manifest)).toEqual([
      "dist/old.js is left over from a source that is gone: delete dist and build again",
    ]);
  });
});
