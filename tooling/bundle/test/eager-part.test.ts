import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CORE, OPENED, PAGE } from "../src/apps.ts";
import { eagerPart } from "../src/eager-part.ts";

describe("the eager part of a page", () => {
  it("is no more than is written in docs/design.md", async () => {
    expect((await eagerPart(PAGE)).gzipped).toBeLessThanOrEqual(14_860);
    expect((await eagerPart(CORE)).gzipped).toBeLessThanOrEqual(9_420);
  });

  it("is, with what is loaded while a store opens, no more than is written there", async () => {
    expect((await eagerPart(OPENED)).gzipped).toBeLessThanOrEqual(24_180);
  });

  it("is what docs/indexeddb.md says of the adapter, on top of core", async () => {
    const page = readFileSync(new URL("../../../docs/indexeddb.md", import.meta.url), "utf8");
    const [, core, adapter] = /To core's ([\d.]+) kB the adapter adds about ([\d.]+) kB/.exec(page)?.map(Number) ?? [];
    const alone = (await eagerPart(CORE)).gzipped / 1_000;
    const both = (await eagerPart(PAGE)).gzipped / 1_000;
    expect(Math.abs(alone - (core ?? 0)), `${alone} kB of core`).toBeLessThan(0.1);
    expect(Math.abs(both - alone - (adapter ?? 0)), `${both - alone} kB of the adapter`).toBeLessThan(0.1);
  });

  it("can search, and leaves what is rare to be loaded", async () => {
    const { modules, lazy } = await eagerPart(PAGE);
    const opened = await eagerPart(OPENED);
    const files = modules.map(({ file }) => file);
    for (const part of ["core/dist/query/tokenizer.js", "core/dist/engine/search.js", "indexeddb/dist/search.js"]) {
      expect(files).toContain(`packages/${part}`);
    }
    for (const part of ["core/dist/engine/writing.js", "indexeddb/dist/writer.js"]) {
      expect(lazy).toContain(`packages/${part}`);
    }
    for (const part of ["codec/exact.js", "engine/batch.js", "engine/write-record.js"]) {
      expect(files).not.toContain(`packages/core/dist/${part}`);
    }
    for (const part of [
      "core/dist/codec/yaml.js",
      "core/dist/collections/records.js",
      "core/dist/encryption/open-vault.js",
      "core/dist/engine/complete-settings.js",
      "core/dist/engine/history.js",
      "core/dist/engine/observation.js",
      "core/dist/engine/streams.js",
      "core/dist/engine/update.js",
      "core/dist/engine/verify.js",
      "core/dist/engine/watch-hub.js",
      "core/dist/query/parse-query.js",
      "core/dist/query/scan-query.js",
      "core/dist/platform/compression-streams.js",
      "indexeddb/dist/bodies.js",
      "indexeddb/dist/eviction.js",
      "indexeddb/dist/feed.js",
      "indexeddb/dist/filtered-search.js",
      "indexeddb/dist/full-store.js",
      "indexeddb/dist/history.js",
      "indexeddb/dist/refusal.js",
    ]) {
      expect(opened.lazy).toContain(`packages/${part}`);
    }
  });

  it("leaves out what nobody imports, such as the migrator, and everything of Node", async () => {
    const { code, modules } = await eagerPart(PAGE);
    expect(modules.filter(({ file }) => /\/(?:migrate|node)\b/.test(file.replace(/^.*node_modules/, "")))).toEqual([]);
    expect(code).not.toMatch(/["'`]node:/);
  });

  it("is what is imported statically, once, and nothing that is lazy", async () => {
    const core = await eagerPart(CORE);
    const lazily = await eagerPart(`globalThis.more = () => import("@holdfast/core");`);
    const wholly = await eagerPart(`import * as core from "@holdfast/core"; globalThis.core = core;`);
    expect(lazily.gzipped).toBeLessThan(100);
    expect(lazily.modules).toHaveLength(1);
    expect(wholly.gzipped).toBeGreaterThan(core.gzipped);
    expect(core.modules.filter(({ file }) => file.endsWith("core/dist/errors.js"))).toHaveLength(1);
  });
});
