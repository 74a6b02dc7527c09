// Prints each test that failed, with why, and then "N passed, N failed" over all test reports, counting each other
// task that failed as one failure. The names come last, so that the end of a long log is enough to see what to mend.
// Usage: node .ci/totals.mjs EXIT_STATUS_OF_THE_RUN; exits non-zero when anything failed. Runs on Node 20.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const runs = ".turbo/runs";
const tasks = jsonFiles(runs).flatMap((run) => run.tasks);
const reports = tasks
  .filter(({ task, directory }) => task === "test" && existsSync(join(directory, "reports/vitest.json")))
  .map(({ directory }) => read(join(directory, "reports/vitest.json")));
const tests = sum(reports, ({ numPassedTests }) => numPassedTests);
const failedTests = sum(reports, ({ numFailedTests }) => numFailedTests);

const failedTasks = tasks.filter(({ execution }) => (execution?.exitCode ?? 0) !== 0);
for (const { taskId, directory } of failedTasks) {
  console.log(`failed: ${taskId}`);
  for (const { file, name, messages } of failures(join(directory, "reports/vitest.json"))) {
    console.log(`  ${file}: ${name}\n${messages.map((message) => message.replaceAll(/^/gm, "    ")).join("\n")}`);
  }
}
// A test task that failed is counted by its tests, unless it broke before or outside of them.
const otherFailures = failedTasks.filter(
  ({ task, directory }) => task !== "test" || !reportsFailure(join(directory, "reports/vitest.json")),
).length;

// The run itself may break before any task starts, for example while installing.
const failed = failedTests + otherFailures || (process.argv[2] === "0" ? 0 : 1);
console.log(`${tests} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function reportsFailure(path) {
  return existsSync(path) && read(path).numFailedTests > 0;
}

/** What did not pass in a report: tests, and files that broke before or outside of their tests. */
function failures(path) {
  if (!existsSync(path)) return [];
  return read(path).testResults.flatMap(({ name: file, message, status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === "failed");
    if (tests.length > 0)
      return tests.map(({ fullName, failureMessages }) => ({ file, name: fullName, messages: failureMessages }));
    return status === "failed" ? [{ file, name: "the file itself", messages: [message] }] : [];
  });
}

function jsonFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => read(join(folder, name)));
}

function read(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function sum(items, of) {
  return items.reduce((total, item) => total + of(item), 0);
}
