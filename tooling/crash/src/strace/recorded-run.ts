import { writeFileSync } from "node:fs";
import { openStorage } from "@holdfast/core";
import { filesystemOn, realInternals } from "@holdfast/filesystem/port";
import { perform } from "../workload/perform.ts";
import { planOf } from "../workload/plan.ts";
import { type Recording, recordingPort } from "./recording-port.ts";

/** A process whose system calls are watched from outside: writers at work, then a second opening. */
const [root = "", report = "", seed = "0"] = process.argv.slice(2);
const recording: Recording = { calls: [], together: [] };
const internals = { ...realInternals, files: recordingPort(recording) };

for (let round = 0; round < 2; round++) {
  const storage = await openStorage(filesystemOn(internals, { root }));
  const write = async (writer: number) => {
    for (const step of planOf({ seed: Number(seed), round, writer, steps: 25 })) await perform(storage, step);
  };
  await Promise.all([0, 1, 2].map(write));
  await storage.flush();
  await storage.verify();
  await storage.close();
}
writeFileSync(report, JSON.stringify(recording));
