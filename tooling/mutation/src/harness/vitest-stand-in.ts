// Takes the place of vitest where the tests import it: they are collected here, to be run one by one and many times over.
// What they assert with is vitest's own. What is missing here and needed by a test fails to import, loudly.
import { format } from "node:util";
import { vi as vitest } from "vitest";

export { expect, expectTypeOf } from "vitest";

/** vitest's own, but for what needs its runner. */
export const vi = { ...vitest, waitFor };

export interface CollectedTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

type Body = (...values: never[]) => unknown;

interface Group {
  readonly names: readonly string[];
  readonly before: Body[];
  readonly after: Body[];
}

const collected: CollectedTest[] = [];
/** What the running test wants done behind it. */
let finishing: Body[] = [];
let group: Group = { names: [], before: [], after: [] };

/** The tests of all test files imported so far, in order. */
export function collectedTests(): readonly CollectedTest[] {
  return collected;
}

/** Runs what collects tests; when it fails, nothing of it is kept. */
export async function collecting(collect: () => Promise<unknown>): Promise<void> {
  const before = collected.length;
  try {
    await collect();
  } catch (error) {
    collected.length = before;
    throw error;
  }
}

export function describe(name: string, body: Body): void {
  const outer = group;
  group = { names: [...outer.names, name], before: [...outer.before], after: [...outer.after] };
  try {
    body();
  } finally {
    group = outer;
  }
}

export function it(name: string, body: Body): void {
  const { names, before, after } = group;
  collected.push({
    name: [...names, name].join(" > "),
    run: async () => {
      finishing = [];
      try {
        for (const prepare of before) await prepare();
        await body();
      } finally {
        for (const tidy of [...after, ...finishing.toReversed()]) await tidy();
        // As the preset of the tests says, but for the environment, which core never reads.
        vitest.restoreAllMocks();
        vitest.unstubAllGlobals();
      }
    },
  });
}

describe.each = forEach(describe);
it.each = forEach(it);

export function beforeEach(prepare: Body): void {
  group.before.push(prepare);
}

export function afterEach(tidy: Body): void {
  group.after.unshift(tidy);
}

export function onTestFinished(tidy: Body): void {
  finishing.push(tidy);
}

function forEach(each: (name: string, body: Body) => void) {
  return (rows: readonly unknown[]) => (name: string, body: Body) => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      each(format(name, ...values), () => body(...(values as never[])));
    }
  };
}

/** Resolves when the assertions hold. */
async function waitFor(assertions: () => unknown): Promise<void> {
  const end = performance.now() + 1_000;
  for (;;) {
    try {
      await assertions();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
