// Runs core's tests against core with one small fault at a time, and writes down which faults no test notices.
// Stryker 10 runs on this workspace, but takes 0.7 s for a mutant here against some 20 ms, adds 200 packages to everybody's
// install, leaves `await` and spreads alone and cannot be sampled or taken up again; so this is our own, on oxc-parser.
import { fileURLToPath } from "node:url";
import { withFiles, withStanding } from "./carry-over.ts";
import type { Survey, WorkerSettings } from "./harness/messages.ts";
import { TestPlan } from "./harness/test-plan.ts";
import { WorkerProcess } from "./harness/worker-process.ts";
import { judge } from "./judge.ts";
import { type Mutant, nameOf } from "./mutant.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { hasResults, readResults, writeReport } from "./report/files.ts";
import { percent } from "./report/page.ts";
import { filesOf, outdatedOf, type Results, type Sources, scoreOf, standingOf, totalOf } from "./results.ts";
import { sampleOf } from "./select.ts";
import { readSurvey, writeSurvey } from "./surveys.ts";
import { fingerprintOf, type Judged, VerdictLog } from "./verdicts.ts";
import { copyWorkspace, type WorkspaceCopy } from "./workspace-copy.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const LOG = fileURLToPath(new URL("../reports/verdicts.jsonl", import.meta.url));
const SURVEY = fileURLToPath(new URL("../reports/survey.json", import.meta.url));

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) console.log(usage);
  else await run(options);
} catch (error) {
  if (
    !(error instanceof TypeError && "code" in error) &&
    !(error instanceof TypeError && error.message.startsWith("--"))
  )
    throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

async function run(options: Options): Promise<void> {
  console.log("copying, building and instrumenting core");
  const copy = copyWorkspace(ROOT);
  const stop = () => {
    copy.remove();
    process.exit(130);
  };
  process.once("SIGINT", stop);
  try {
    await runIn(copy, options);
  } finally {
    process.off("SIGINT", stop);
    copy.remove();
  }
}

async function runIn(copy: WorkspaceCopy, options: Options): Promise<void> {
  const { directory, tests, modules, generator } = copy;
  const mutants = copy.mutants.length;
  const everything: WorkerSettings = { directory, tests, modules, generator, mutants, seed: options.seed, active: 0 };
  const fingerprint = fingerprintOf(copy.inputs, JSON.stringify(copy.mutants), options.seed);
  const survey = await surveyed(everything, fingerprint, options.fresh);
  const plan = new TestPlan(survey, copy.mutants, options.budget);
  for (const { file, reason } of survey.unloadable)
    console.log(`left out, since it needs vitest itself: ${file}: ${reason}`);
  for (const { name, failed } of plan.leftOut)
    console.log(`left out, since it fails without a mutant: ${name}: ${failed}`);
  const unloadable = new Set(survey.unloadable.map(({ file }) => file));
  const settings = { ...everything, tests: tests.filter((file) => !unloadable.has(file)) };

  const selected = select(copy, options);
  const log = new VerdictLog(LOG, `${fingerprint} ${options.budget}`, options.fresh);
  await judge(selected, plan, settings, log, progress(selected, log));

  const verdicts = new Map(selected.flatMap((mutant) => pair(mutant, log.get(mutant.id))));
  const files = filesOf(verdicts, copy.sources);
  const results: Results = {
    seed: options.seed,
    mutants,
    sampled: options.sample !== undefined,
    budget: options.budget / 1_000,
    tests: survey.tests.length - plan.leftOut.length,
    leftOut: plan.leftOut.length,
    filesLeftOut: unloadable.size,
    files,
    standing: standingOf(verdicts),
    outdated: outdatedOf(files, copy.sources),
  };
  for (const { status, line, name } of results.standing) console.log(`${status}: ${name} (line ${line})`);
  const total = totalOf(files);
  console.log(`${percent(scoreOf(total))} of the covered: ${JSON.stringify(total)}`);
  const report = reported(results, options, copy.sources);
  if (report === undefined) return;
  for (const name of writeReport(ROOT, report)) console.log(`explained, but does not stand any more: ${name}`);
}

/** What is to be written down; undefined where a part was run and there is nothing whole that it is a part of. */
function reported(results: Results, options: Options, sources: Sources): Results | undefined {
  const { only, changed, survivors, sample } = options;
  if (only === undefined && !changed && !survivors) return results;
  const before = sample === undefined && hasResults(ROOT) ? readResults(ROOT) : undefined;
  if (before === undefined || before.sampled) return undefined;
  return survivors ? withStanding(before, results, sources) : withFiles(before, results, sources);
}

/** Of the tests without a mutant; that of a run over the same sources which was cut short will do. */
async function surveyed(settings: WorkerSettings, fingerprint: string, fresh: boolean): Promise<Survey> {
  const known = fresh ? undefined : readSurvey(SURVEY, fingerprint);
  if (known !== undefined) return known;
  console.log(`${settings.mutants} mutants; running the tests without one`);
  const surveyor = new WorkerProcess(settings);
  const survey = await surveyor.survey().finally(() => surveyor.stop());
  writeSurvey(SURVEY, fingerprint, survey);
  return survey;
}

function select({ mutants, sources }: WorkspaceCopy, options: Options): Mutant[] {
  const { only, changed, survivors, sample, seed } = options;
  const before = changed || survivors ? readResults(ROOT) : undefined;
  const outdated = before && changed ? new Set(outdatedOf(before.files, sources)) : undefined;
  const standing = before && survivors ? new Set(before.standing.map(({ name }) => name)) : undefined;
  const wanted = mutants.filter(
    (mutant) =>
      (only === undefined || mutant.file.includes(only)) &&
      (outdated === undefined || outdated.has(mutant.file)) &&
      (standing === undefined || standing.has(nameOf(mutant))),
  );
  const known = new Set(before?.files.map(({ file }) => file));
  // Of what has no figures yet first: a run that is cut short is then worth most.
  const ordered = [...wanted.filter(({ file }) => !known.has(file)), ...wanted.filter(({ file }) => known.has(file))];
  return sample === undefined ? ordered : sampleOf(ordered, sample, seed);
}

function pair(mutant: Mutant, judged: Judged | undefined): [Mutant, Judged][] {
  return judged === undefined ? [] : [[mutant, judged]];
}

function progress(selected: readonly Mutant[], log: VerdictLog): () => void {
  let done = selected.filter(({ id }) => log.get(id) !== undefined).length;
  if (done > 0) console.log(`${done} of ${selected.length} are known from a run that was cut short`);
  return () => {
    done++;
    if (done % 100 === 0) console.log(`${new Date().toISOString()} ${done} of ${selected.length}`);
  };
}
