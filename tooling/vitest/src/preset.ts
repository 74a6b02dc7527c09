import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { configDefaults, defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from "vitest/config";

/** For the largest bodies of tests of two packages at a time, several times. Bytes. */
const ROOM = 2 * 2 ** 30;

/** Settings for tests wherever they run. */
export const sharedSettings: NonNullable<ViteUserConfig["test"]> = {
  // A package that has code but no test is refused by tooling/checks, which can tell the two apart.
  passWithNoTests: true,
  // Ends what hangs. A test has no business with how long it takes: machines differ, and are busy with other things.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  env: { TMPDIR: fastDirectory() },
  restoreMocks: true,
  unstubEnvs: true,
  unstubGlobals: true,
  reporters: ["default", "json"],
  outputFile: { json: "reports/vitest.json" },
};

/** Settings for a package whose tests run in Node: `test/**\/*.test.ts`, with a report that CI sums up. */
export const nodeTests: ViteUserConfig = defineConfig({
  test: { ...sharedSettings, projects: nodeProjects() },
});

/**
 * Tests in Node, a package's files one after the other in one process: to start one takes as long as most files do. `*.alone.test.ts`
 * have a process of their own each: they replace modules, or measure the memory of their process.
 */
export function nodeProjects(
  include: readonly string[] = ["test/**/*.test.ts"],
  settings: TestProjectInlineConfiguration["test"] = {},
): TestProjectInlineConfiguration[] {
  const alone = include.map((pattern) => pattern.replace(/\*\.test\.ts$/, "*.alone.test.ts"));
  const { exclude = configDefaults.exclude, ...others } = settings;
  return [
    {
      extends: true,
      test: { ...others, name: "node", include: [...include], exclude: [...exclude, ...alone], isolate: false },
    },
    { extends: true, test: { ...others, name: "node, alone", include: alone, exclude } },
  ];
}

/**
 * Where tests keep their files: on a disk in memory, where there is one with room enough. None asks what survives a loss of power,
 * which no test can see; that is for the replays of tooling/crash. So they need not wait for tens of thousands of fsyncs.
 */
function fastDirectory(): string {
  const inMemory = "/dev/shm";
  if (!existsSync(inMemory)) return tmpdir();
  const { bavail, bsize } = statfsSync(inMemory);
  return bavail * bsize >= ROOM ? inMemory : tmpdir();
}
