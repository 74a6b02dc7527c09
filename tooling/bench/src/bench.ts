// Measures the workloads, each in a process of its own, and writes the report when all were measured.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { slowFsync, whyNoFaults } from "@holdfast/crash/shim";
import { describeMachine } from "./harness/machine.ts";
import { requireSameMachine, withAnew } from "./harness/measured-anew.ts";
import type { WorkloadResult } from "./harness/results.ts";
import { runTask } from "./harness/run-task.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { peerVersions } from "./peer-versions.ts";
import { readResults, writeReport, writeResults } from "./report/files.ts";
import { machineLine, terminalTable } from "./report/terminal.ts";
import { workloads } from "./workloads/index.ts";

try {
  const options = parseOptions(
    process.argv.slice(2),
    workloads.map(({ id }) => id),
  );
  if (options === undefined) console.log(usage);
  else await bench(options);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

async function bench(options: Options): Promise<void> {
  const directory = mkdtempSync(join(options.directory, "holdfast-bench-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.once("SIGINT", () => {
    remove();
    process.exit(130);
  });
  try {
    await measureAll(options, directory);
  } finally {
    // Nothing is deleted before: file systems go on working on a mass deletion while later rounds are timed.
    remove();
  }
}

async function measureAll({ only, keep, rounds, profile }: Options, directory: string): Promise<void> {
  const machine = describeMachine(directory);
  console.log(machineLine(machine));
  if (machine.filesystem === "tmpfs")
    throw new TypeError("files would be kept in memory: name a --directory on a disk");
  if (keep) requireSameMachine(readResults().machine, machine);
  const selected = workloads.filter(({ id }) => only === undefined || only.includes(id));
  const populations = join(directory, "populations");
  for (const id of new Set(selected.flatMap((workload) => workload.populations))) {
    console.log(`filling ${id}`);
    await runTask({ task: "populate", id, populations });
  }
  const results: WorkloadResult[] = [];
  const leftOut: Record<string, string> = {};
  for (const { id, fsyncDelay } of selected) {
    const reason = fsyncDelay === undefined ? undefined : whyNoFaults();
    if (reason !== undefined) {
      console.log(`${id} is left out: ${reason}`);
      leftOut[id] = reason;
      continue;
    }
    const own = join(directory, id);
    mkdirSync(own);
    const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${join(profile, id)}`];
    const environment = fsyncDelay === undefined ? {} : slowFsync(fsyncDelay);
    const result = await runTask({ task: "measure", id, rounds, directory: own, populations }, profiling, environment);
    if (result === null) throw new Error(`${id} measured nothing`);
    results.push(result);
    console.log(terminalTable(result));
  }
  const date = new Date().toISOString().slice(0, 10);
  if (keep) {
    const ids = workloads.map(({ id }) => id);
    writeResults(withAnew(readResults(), { date, machine, versions: await peerVersions(), results }, ids));
    writeReport();
  }
  if (only !== undefined) return;
  writeResults({ date, machine, versions: await peerVersions(), workloads: results, leftOut });
  writeReport();
}
