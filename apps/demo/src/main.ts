import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgressView, formatDuration, styleFor } from "@holdfast/cli/terminal";
import { readCorpus } from "./corpus.js";
import { isWhole } from "./results.js";
import { ROUTE, reachable, type Stop } from "./route.js";
import { runTour } from "./tour.js";

/** Runs the demo in a folder of its own, which is gone afterwards; fails when anything did not arrive whole. */
export async function main(route: readonly Stop[] = ROUTE): Promise<void> {
  const interruption = new AbortController();
  process.once("SIGINT", () => interruption.abort());
  const progress = createProgressView({
    mode: process.stdout.isTTY ? "bar" : "lines",
    target: process.stdout,
    now: () => performance.now(),
  });
  const folder = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
  const started = performance.now();
  try {
    const stops = await reachable(route, ({ name }, reason) => console.log(`${name} is left out: ${reason}\n`));
    const results = await runTour({
      corpus: await readCorpus(),
      route: stops,
      folder,
      progress,
      signal: interruption.signal,
      style: styleFor(process.stdout),
      print: (line) => console.log(line),
    });
    const took = formatDuration(performance.now() - started);
    const whole = results.every(isWhole);
    console.log(
      whole ? `\nEverything arrived whole, in ${took}.` : "\nNot everything arrived: see the column verified.",
    );
    process.exitCode = whole ? 0 : 1;
  } catch (error) {
    progress.abandon();
    console.error(interruption.signal.aborted ? "demo: interrupted" : error);
    process.exitCode = interruption.signal.aborted ? 130 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
