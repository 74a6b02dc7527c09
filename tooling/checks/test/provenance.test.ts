import { describe, expect, it } from "vitest";
import { checkProvenance } from "../src/provenance.ts";

const url = "git+https://code.example/acme/store.git";

describe("checkProvenance", () => {
  it("accepts packages that name one repository, and their folders in it", () => {
    expect(checkProvenance([named("packages/a"), named("apps/b"), hidden])).toEqual([]);
  });

  it("names each package without a repository", () => {
    const packages = [{ folder: "packages/a", manifest: { name: "a" } }, named("packages/b"), hidden];
    expect(checkProvenance(packages)).toEqual([`packages/a/package.json has no "repository"`]);
  });

  it("refuses another folder, what is no address, and several addresses", () => {
    expect(checkProvenance([named("packages/a", { directory: "packages/b" })])).toEqual([
      `packages/a/package.json: the "directory" of its "repository" is not "packages/a"`,
    ]);
    for (const wrong of [{ url: "acme/store" }, { type: "svn" }]) {
      expect(checkProvenance([named("packages/a", wrong)])).toEqual([
        `packages/a/package.json: its "repository" is no { "type": "git", "url": "git+https://…" }`,
      ]);
    }
    const other = "git+https://code.example/acme/other.git";
    expect(checkProvenance([named("packages/a"), named("packages/b", { url: other })])).toEqual([
      `the packages name several repositories: ${url}, ${other}`,
    ]);
  });
});

const hidden = { folder: "tooling/c", manifest: { name: "c", private: true } };

function named(folder: string, parts: { type?: string; url?: string; directory?: string } = {}) {
  return { folder, manifest: { name: folder, repository: { type: "git", url, directory: folder, ...parts } } };
}
