import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const workflow = read(".github/workflows/release.yml");

it("takes the changesets action that reads what the installed command reports: another one pushes no tags, without a word", () => {
  const { devDependencies } = JSON.parse(read("package.json")) as { devDependencies: Record<string, string> };
  expect(devDependencies["@changesets/cli"]).toMatch(/^3\./);
  const [, action, inputs = ""] = /changesets\/action@(v\d+)\n +with:\n((?: {10}\S.*\n)+)/.exec(workflow) ?? [];
  expect(action).toBe("v2");
  const names = inputs.split("\n").flatMap((line) => /^ +([\w-]+):/.exec(line)?.[1] ?? []);
  expect(names).toEqual(["version-script", "publish-script", "pr-title", "commit-message", "github-token"]);
});

it("asks for provenance by the name under which pnpm, which publishes, looks for it", () => {
  expect(workflow).toContain('PNPM_CONFIG_PROVENANCE: "true"');
});

it("gives the right to publish to the job that publishes alone, behind one that tests", () => {
  const [, test = "", release = ""] = /^ {2}test:\n(.*?)^ {2}release:\n(.*)/ms.exec(workflow) ?? [];
  expect(test).toContain("- run: .ci/run");
  expect(test).not.toMatch(/id-token|write/);
  expect(release).toContain("needs: test");
  expect(release).not.toContain(".ci/run");
});
