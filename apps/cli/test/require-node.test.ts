import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { BIN } from "./support/holdfast.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();

/** Makes Node believe that it is another version. */
function posingAs(version: string): string[] {
  const code = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  return ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
}

describe("on a Node that is too old", () => {
  it.each(["12.20.0", "20.20.2", "21.7.3"])("%s, says so in one line and exits with 11", async (version) => {
    const { code, stdout, stderr } = await space.process(["ls", "memory:"], { nodeArgs: posingAs(version) });
    expect({ code, stdout }).toEqual({ code: 11, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(
        `^holdfast: Node ${version} is too old, 22 or newer is needed — try: npx -y -p node@24 node \\S+main.js\n$`,
      ),
    );
  });

  it("needs nothing but its two oldest files, so that nothing else is loaded before", async () => {
    await mkdir(space.path("dist"));
    for (const name of ["main.js", "require-node.js"]) await cp(`${dirname(BIN)}/${name}`, space.path("dist", name));
    await writeFile(space.path("package.json"), '{"type":"module"}');
    const bin = space.path("dist/main.js");
    expect(await space.process([], { bin, nodeArgs: posingAs("20.0.0") })).toMatchObject({ code: 11 });
  });

  it("can read those files", async () => {
    for (const name of ["main.js", "require-node.js"]) {
      const code = (await readFile(`${dirname(BIN)}/${name}`, "utf8")).replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "");
      expect(code).not.toMatch(/\?\?|\?\.|\bawait\b|\|\|=|&&=|#\w|\bstatic\b|node:/);
    }
  });

  it("goes on on Node 22", async () => {
    expect(await space.process(["ls", "memory:"], { nodeArgs: posingAs("22.0.0") })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
});
