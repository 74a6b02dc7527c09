import { countOf, type Style } from "@holdfast/cli/terminal";
import type { StorageEngine } from "holdfast";
import type { CorpusPart } from "./corpus.js";
import { showQueries } from "./queries.js";
import { resultTable, type StepResult } from "./results.js";
import type { Stop } from "./route.js";
import { compare, importPart, migrate, type StepTools } from "./steps.js";

export interface Tour extends StepTools {
  corpus: readonly CorpusPart[];
  route: readonly Stop[];
  folder: string;
  style: Style;
  print: (line: string) => void;
}

/** Imports the corpus, asks it questions, moves it along the route, and holds the end against the source. */
export async function runTour(tour: Tour): Promise<StepResult[]> {
  const { corpus, route, folder, style, print } = tour;
  const [first, ...hops] = route;
  if (first === undefined) throw new Error("a route has at least one stop");
  const results: StepResult[] = [];
  const everything = corpus.flatMap(({ items }) => items);

  print(style.bold(`Importing ${countOf(everything.length, "item")} into ${first.name}`));
  let name = first.name;
  let storage: StorageEngine = await first.open(folder);
  try {
    for (const part of corpus) results.push(await importPart(storage, part, tour));
    await showQueries(storage, style, print);
    for (const hop of hops) {
      const step = `migrate ${name} → ${hop.name}`;
      print(`\n${style.bold(step)}`);
      const next = await hop.open(folder);
      const previous = storage;
      storage = next;
      try {
        results.push(await migrate(step, previous, next, tour));
        await next.flush();
        await hop.show?.(folder, style, print);
      } finally {
        await previous.close();
      }
      name = hop.name;
    }
    results.push(await compare(storage, everything, tour));
  } finally {
    await storage.close();
  }
  print(`\n${style.bold("Results")}${style.dim(" (the time of each step includes reading everything back)")}`);
  for (const line of resultTable(results)) print(line);
  return results;
}
