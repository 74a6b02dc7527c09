// A process that holds core with all its mutants, and the tests; it runs tests with the mutant that it is told.
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { SWITCH } from "../instrument.ts";
import type { Answer, PlannedTest, Request, SurveyedTest, Verdict, WorkerSettings } from "./messages.ts";
import type { CollectedTest } from "./vitest-stand-in.ts";

/** Of fast-check, what matters here. */
interface DataGenerator {
  configureGlobal(options: { seed: number; endOnFailure: boolean }): void;
}

const settings: WorkerSettings = JSON.parse(process.argv[2] ?? "{}");
const unloadable: { file: string; reason: string }[] = [];
let active = settings.active;
const reached = new Uint8Array(settings.mutants + 1);
Object.assign(globalThis, {
  [Symbol.for(SWITCH)]: (id: number): boolean => {
    reached[id] = 1;
    return id === active;
  },
});

/** What failed beside the test that is running and nobody caught: vitest fails a run for it, too. */
let stray: string | undefined;
process.on("uncaughtException", (error) => {
  stray = String(error);
});
process.on("unhandledRejection", (error) => {
  stray = String(error);
});

try {
  const { tests, loading } = await load();
  process.on("message", (request: Request) => {
    const work = request.type === "survey" ? survey(tests, loading) : attempt(tests, request.mutant, request.tests);
    void work.then(tell);
  });
  tell({ type: "ready", tests: tests.length });
} catch (error) {
  tell({ type: "broken", reason: String(error) });
}

interface Loaded {
  readonly tests: readonly CollectedTest[];
  /** Mutants that core came by while it loaded; what test files come by while they prepare their data does not count. */
  readonly loading: readonly number[];
}

async function load(): Promise<Loaded> {
  process.env["HOLDFAST_SEED"] = String(settings.seed);
  const copy = pathToFileURL(settings.directory).href;
  registerHooks({
    resolve(specifier, context, next) {
      if (!context.parentURL?.startsWith(`${copy}/packages/`)) return next(specifier, context);
      if (specifier === "vitest")
        return { url: new URL("./vitest-stand-in.ts", import.meta.url).href, shortCircuit: true };
      const typed = specifier.startsWith(".") && new URL(specifier.replace(/\.js$/, ".ts"), context.parentURL);
      return next(typed && existsSync(typed) ? typed.href : specifier, context);
    },
  });
  // All of them now: a module that is loaded on first use would otherwise keep the constants of its first mutant.
  for (const module of settings.modules) await import(pathToFileURL(module).href);
  const loading = takeReached();
  if (settings.generator !== undefined) {
    const { configureGlobal }: DataGenerator = await import(pathToFileURL(settings.generator).href);
    configureGlobal({ seed: settings.seed, endOnFailure: true });
  }
  const { collectedTests, collecting } = await import("./vitest-stand-in.ts");
  for (const file of settings.tests) {
    try {
      await collecting(() => import(pathToFileURL(file).href));
    } catch (error) {
      // With a mutant that was there from the start, this is what the mutant does.
      if (settings.active !== 0) throw error;
      unloadable.push({ file, reason: String(error) });
    }
  }
  return { tests: collectedTests(), loading };
}

async function survey(tests: readonly CollectedTest[], loading: readonly number[]): Promise<Answer> {
  const surveyed: SurveyedTest[] = [];
  for (const test of tests) {
    takeReached();
    const start = performance.now();
    const before = process.cpuUsage();
    const failure = await failureOf(test, 60_000);
    const { user, system } = process.cpuUsage(before);
    const milliseconds = performance.now() - start;
    const work = (user + system) / 1_000;
    surveyed.push({ name: test.name, failed: failure?.reason, milliseconds, work, reached: takeReached() });
  }
  return { type: "surveyed", loading, tests: surveyed, unloadable };
}

async function attempt(
  tests: readonly CollectedTest[],
  mutant: number,
  planned: readonly PlannedTest[],
): Promise<Answer> {
  for (const { index, limit } of planned) {
    const test = tests[index];
    if (test === undefined) throw new Error(`there is no test ${index}`);
    tell({ type: "begin", index, limit });
    active = mutant;
    let failure = await failureOf(test, limit);
    // An earlier mutant may have left work behind that fails only now; this one must not pay for it.
    if (failure?.stray) failure = await failureOf(test, limit);
    active = settings.active;
    if (failure !== undefined) return { type: "verdict", verdict: await judged(test, limit, failure.late === true) };
  }
  return { type: "verdict", verdict: { status: "survived" } };
}

async function judged(test: CollectedTest, limit: number, late: boolean): Promise<Verdict> {
  const verdict: Verdict = { status: late ? "timed out" : "killed", by: test.name };
  // A mutant that was there from the start cannot be taken away; one that hangs may be at work still.
  if (settings.active !== 0) return verdict;
  return late || (await failureOf(test, limit)) !== undefined ? { ...verdict, spoilt: true } : verdict;
}

interface Failure {
  readonly reason: string;
  readonly late?: true;
  readonly stray?: true;
}

async function failureOf(test: CollectedTest, limit: number): Promise<Failure | undefined> {
  stray = undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Failure>((resolve) => {
    timer = setTimeout(() => resolve({ reason: `not done after ${limit} ms`, late: true }), limit);
  });
  const ended = test.run().then(
    () => undefined,
    (error: unknown) => ({ reason: String(error) }),
  );
  const failure = await Promise.race([ended, late]);
  clearTimeout(timer);
  // What the test leaves in the queues belongs to it.
  await new Promise((resolve) => setImmediate(resolve));
  return failure ?? (stray === undefined ? undefined : { reason: stray, stray: true });
}

function takeReached(): number[] {
  const ids = Array.from(reached.keys()).filter((id) => reached[id] === 1);
  reached.fill(0);
  return ids;
}

function tell(answer: Answer): void {
  process.send?.(answer);
}
