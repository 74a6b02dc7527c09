// node test/fallbacks/simulation/simulate.ts [--schedules 100000] [--seed 1]
import { parseArgs } from "node:util";
import { freshSeed } from "@holdfast/conformance";
import { runSchedule } from "./schedule.ts";

const { values } = parseArgs({ options: { schedules: { type: "string" }, seed: { type: "string" } } });
const schedules = Number(values.schedules ?? 100_000);
const first = Number(values.seed ?? freshSeed());
const MOST_FAILURES = 20;
const start = performance.now();
const tell = (line: unknown) => process.stdout.write(`${line}\n`);
const seconds = () => ((performance.now() - start) / 1_000).toFixed(0);

tell(`${schedules} schedules from seed ${first} on`);
let failures = 0;
let done = 0;
while (done < schedules && failures < MOST_FAILURES) {
  try {
    await runSchedule(first + done);
  } catch (error) {
    failures++;
    tell(error instanceof Error ? error.message : error);
  }
  if (++done % 5_000 === 0) tell(`${done} in ${seconds()} s`);
}
tell(`${done} schedules in ${seconds()} s: ${failures === 0 ? "0 writes lost, 0 doubled" : `${failures} failed`}`);
process.exitCode = failures === 0 ? 0 : 1;
