import type { Result, Theme } from "@holdfast/conformance";

/** What one adapter's run of the suite found, by the names of the themes. */
export type Verdict = Readonly<Record<string, ThemeVerdict>>;

export interface ThemeVerdict {
  /** Cases, each counted once for every mode in which it ran; refusals are among them. */
  readonly passed: number;
  /** Cases whose refusal was checked, by what the adapter does not offer. */
  readonly refused: Readonly<Record<string, number>>;
  /** What each broken promise said, by mode and case. */
  readonly failed: Readonly<Record<string, string>>;
}

/** Verdicts by the names of the adapters: what the page is made from. */
export type Verdicts = Readonly<Record<string, Verdict>>;

/** Sums up a run of themes of the suite. `onFailure` hears of each broken promise at once. */
export async function certify(
  themes: readonly Theme[],
  run: AsyncIterable<Result>,
  onFailure: (result: Result) => void,
): Promise<Verdict> {
  const results: Result[] = [];
  for await (const result of run) {
    results.push(result);
    if (!result.passed) onFailure(result);
  }
  return summarise(themes, results);
}

export function summarise(themes: readonly Theme[], results: readonly Result[]): Verdict {
  return Object.fromEntries(
    themes.map(({ name }) => [name, summariseTheme(results.filter(({ theme }) => theme === name))]),
  );
}

function summariseTheme(results: readonly Result[]): ThemeVerdict {
  const refused: Record<string, number> = {};
  for (const { refused: need } of results) if (need !== undefined) refused[need] = (refused[need] ?? 0) + 1;
  const failures = results.filter(({ passed }) => !passed);
  return {
    passed: results.length - failures.length,
    refused,
    failed: Object.fromEntries(failures.map(({ mode, case: name, error }) => [`${mode}: ${name}`, String(error)])),
  };
}
