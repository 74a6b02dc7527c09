import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMigrator, type MigrationReport } from "@holdfast/core";
import { type CorpusOptions, fillCorpus } from "./corpus.ts";
import { differencesOf } from "./differences.ts";
import type { Kind } from "./stores.ts";

export interface PairOutcome {
  readonly report: MigrationReport;
  /** What was saved into the source. */
  readonly items: number;
  readonly differences: readonly string[];
}

/** Migrates the corpus from a new store of one kind into a new one of the other, and compares the two. */
export async function tryPair(
  from: Kind,
  to: Kind,
  corpus: Pick<CorpusOptions, "largest" | "keys">,
): Promise<PairOutcome> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-pair-"));
  const history = from.history && to.history;
  try {
    for (const side of ["from", "to"]) await mkdir(join(folder, side));
    await using source = await from.open(join(folder, "from"));
    await using destination = await to.open(join(folder, "to"));
    const items = await fillCorpus(source, { ...corpus, history });
    const report = await createMigrator(source, destination).migrate({ history });
    return { report, items, differences: await differencesOf(source, destination, history) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
