import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackedFiles } from "./packed-files.ts";

/** Packs the package in the current folder as it would be published, and checks what its users would get. */
const folder = mkdtempSync(join(tmpdir(), "holdfast-pack-"));
try {
  const tarball = join(folder, "package.tgz");
  const packed = JSON.parse(run("pnpm", ["pack", "--json", "--out", tarball])) as { files: { path: string }[] };
  const violations = checkPackedFiles(
    packed.files.map(({ path }) => path),
    (path) => existsSync(path),
    JSON.parse(readFileSync("package.json", "utf8")) as object,
  );
  if (violations.length > 0) throw new Error(violations.join("\n"));
  run("publint", ["run", tarball, "--strict"]);
  run("attw", [tarball, "--profile", "esm-only", "--format", "ascii"]);
  console.log(`package is fit to publish: ${packed.files.length} files`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command: string, args: string[]): string {
  // A shell on Windows only, where these commands are .cmd files; the arguments hold no spaces of their own.
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}
