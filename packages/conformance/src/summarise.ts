import type { Result } from "./run-conformance.js";

/** What a run of the suite found about one theme. */
export interface ThemeOutcome {
  readonly theme: string;
  /** Cases, each counted once for every mode in which it ran; refusals are among them. */
  readonly passed: number;
  /** Cases whose refusal was checked, by what the adapter does not offer. */
  readonly refused: Readonly<Record<string, number>>;
  readonly failed: readonly { readonly mode: string; readonly case: string; readonly reason: string }[];
}

/** Gathers results by theme, in the order in which the themes ran first. */
export function summarise(results: readonly Result[]): ThemeOutcome[] {
  return Array.from(new Set(results.map(({ theme }) => theme)), (theme) => {
    const those = results.filter((result) => result.theme === theme);
    const refused: Record<string, number> = {};
    for (const { refused: need } of those) if (need !== undefined) refused[need] = (refused[need] ?? 0) + 1;
    const failures = those.filter(({ passed }) => !passed);
    return {
      theme,
      passed: those.length - failures.length,
      refused,
      failed: failures.map(({ mode, case: name, error }) => ({ mode, case: name, reason: reasonOf(error) })),
    };
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
