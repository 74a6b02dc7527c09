import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { createMigrator, type MigrationReport, openStorage } from "@holdfast/core";
import { simulatedSink, simulatedSource } from "./simulated.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc") as () => void;

export interface Endurance {
  readonly report: MigrationReport;
  /** The most bytes held above those at the start. */
  readonly most: number;
}

/** Migrates so many items of so many bytes each from and into nowhere, and looks at the memory on the way. */
export async function endure(items: number, bytes: number, looks: number): Promise<Endurance> {
  let most = 0;
  let before = 0;
  const look = () => {
    most = Math.max(most, held() - before);
  };
  // Within a body, whenever so much of it has passed.
  await using from = await openStorage(simulatedSource(items, bytes, look));
  await using to = await openStorage(simulatedSink(items, bytes));
  before = held();
  const looking = looksAt(items * 2, looks, look);
  // The plan and the copy ask the filter once for each item, and so does the verification.
  const report = await createMigrator(from, to).migrate({ filter: looking, concurrency: 4 });
  return { report, most: Math.max(most, held() - before) };
}

function looksAt(total: number, looks: number, look: () => void): () => boolean {
  const every = Math.max(1, Math.floor(total / looks));
  let calls = 0;
  return () => {
    if (++calls % every === 0) look();
    return true;
  };
}

function held(): number {
  // What was let go of is counted until the collection after the next.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
