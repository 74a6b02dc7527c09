import { type Result, summarise, type Theme, type ThemeOutcome } from "@holdfast/conformance";

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
  return verdictOf(themes, results);
}

export function verdictOf(themes: readonly Theme[], results: readonly Result[]): Verdict {
  const nothingRun = themes.map(({ name: theme }): ThemeOutcome => ({ theme, passed: 0, refused: {}, failed: [] }));
  return Object.fromEntries(
    [...nothingRun, ...summarise(results)].map(({ theme, passed, refused, failed }) => [
      theme,
      {
        passed,
        refused,
        failed: Object.fromEntries(failed.map((each) => [`${each.mode}: ${each.case}`, each.reason])),
      },
    ]),
  );
}
