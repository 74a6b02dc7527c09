import { ConformanceError } from "./assert.js";
import { Context, type Generation } from "./context.js";
import { modes as everyMode, type Harness, type Mode } from "./harness.js";
import { type Case, needsOf, type Theme } from "./suite.js";
import { themes as everyTheme } from "./themes.js";

const DEFAULT_TIMEOUT = 60_000;

/** What to run, and how. */
export interface RunOptions extends Generation {
  /** In which ways to open the storage. Default: all. */
  readonly modes?: readonly Mode[] | undefined;
  /** Default: the whole suite. */
  readonly themes?: readonly Theme[] | undefined;
}

/** One case in one mode. */
export interface PlannedCase {
  readonly mode: Mode;
  readonly theme: Theme;
  readonly case: Case;
}

/** How one case in one mode ended. */
export interface Result {
  /** Its name, as those of theme and case. */
  readonly mode: string;
  readonly theme: string;
  readonly case: string;
  readonly passed: boolean;
  /** The name of what the adapter does not offer, so that its refusal was checked instead. */
  readonly refused: string | undefined;
  /** What a failed case threw. */
  readonly error: unknown;
  readonly milliseconds: number;
}

/**
 * Runs the suite without any test runner, one case after the other.
 *
 * @example
 * for await (const { passed, theme, case: name, error } of runConformance(harness)) {
 *   if (!passed) console.log(`${theme}: ${name}`, error);
 * }
 */
export async function* runConformance(
  harness: Harness,
  options: RunOptions = {},
): AsyncGenerator<Result, void, undefined> {
  for (const planned of planConformance(options)) yield await resultOf(harness, planned, options);
}

/** What there is to run, in order: each case once for every mode in which it means something. */
export function planConformance({ modes = everyMode, themes = everyTheme }: RunOptions = {}): PlannedCase[] {
  return modes.flatMap((mode, index) =>
    themes
      .filter(({ name }) => mode.themes?.includes(name) ?? true)
      .flatMap((theme) =>
        theme.cases.filter((each) => index === 0 || !each.once).map((each) => ({ mode, theme, case: each })),
      ),
  );
}

/** Runs one case in a fresh store and removes the store. Resolves to what was missing when `otherwise` was checked. */
export async function runCase(
  harness: Harness,
  planned: PlannedCase,
  generation: Generation = {},
): Promise<string | undefined> {
  const { mode, case: each } = planned;
  const timeout = timeoutOf(harness);
  const context = await startWithin(timeout, harness, mode, generation);
  const { backing } = context;
  const failures: unknown[] = [];
  let missing: string | undefined;
  try {
    const { capabilities } = context;
    missing = needsOf(each).find(({ metBy }) => !metBy(capabilities, backing))?.name;
    const check = each.needs === undefined || missing === undefined ? each.run : each.otherwise;
    await within(timeout, "the case", check(context));
  } catch (error) {
    failures.push(error);
  }
  try {
    await within(timeout, "closing and removing the store", context.end());
  } catch (error) {
    failures.push(error);
  }
  if (failures.length > 1)
    throw new AggregateError(failures, `${String(failures[0])}; closing then failed too: ${String(failures[1])}`);
  if (failures.length === 1) throw failures[0];
  return missing;
}

export function timeoutOf(harness: Harness): number {
  return harness.timeout ?? DEFAULT_TIMEOUT;
}

async function resultOf(harness: Harness, planned: PlannedCase, generation: Generation): Promise<Result> {
  const { mode, theme, case: each } = planned;
  const names = { mode: mode.name, theme: theme.name, case: each.name };
  const start = performance.now();
  try {
    const refused = await runCase(harness, planned, generation);
    return { ...names, passed: true, refused, error: undefined, milliseconds: performance.now() - start };
  } catch (error) {
    return { ...names, passed: false, refused: undefined, error, milliseconds: performance.now() - start };
  }
}

async function startWithin(timeout: number, harness: Harness, mode: Mode, generation: Generation): Promise<Context> {
  const starting = Context.start(harness, mode, generation);
  try {
    return await within(timeout, "opening the store", starting);
  } catch (error) {
    // A store that comes after all is removed. Nobody waits for it: what is told is that it came too late.
    starting.then((context) => context.end()).catch(() => undefined);
    throw error;
  }
}

async function within<T>(milliseconds: number, phase: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `${phase} was not done after ${milliseconds} ms: give the harness a longer \`timeout\` if it is only slow`;
    timer = setTimeout(() => reject(new ConformanceError(message)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
