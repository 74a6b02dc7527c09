import { SeededRandom } from "@holdfast/conformance";
import { StorageError } from "@holdfast/core";
import { perform } from "../workload/perform.ts";
import { planOf } from "../workload/plan.ts";
import { HurriedPorts } from "./hurried-ports.ts";
import { SimulatedDatabase } from "./simulated-database.ts";
import { emptyDisk, openSimulated, type SimulatedStoreOptions } from "./simulated-store.ts";
import type { Event, Trace } from "./trace.ts";

export interface RecordOptions {
  readonly seed: number;
  readonly writers: number;
  readonly steps: number;
  /** Of each writer; see `PlanOptions`. */
  readonly keys?: number | undefined;
  readonly adapter?: SimulatedStoreOptions["adapter"];
  readonly shortWrites?: SimulatedStoreOptions["shortWrites"];
}

/** Lets writers work on a simulated disk that never fails, and notes everything that a crash could fall between. */
export async function record({ seed, writers, steps, keys, adapter, shortWrites }: RecordOptions): Promise<Trace> {
  const trace: Event[] = [];
  const told = (event: Event) => trace.push(event);
  const ports = new HurriedPorts(new SeededRandom(seed));
  const database = new SimulatedDatabase(undefined, (bytes) => {
    ports.stir();
    told({ type: "commit", database: bytes });
  });
  const { storage } = await openSimulated({ files: emptyDisk(), database, ports, told, adapter, shortWrites });
  const write = async (writer: number) => {
    for (const [index, step] of planOf({ seed, round: 0, writer, steps, keys }).entries()) {
      told({ type: "told", writer, index, told: "begun" });
      try {
        await perform(storage, step);
      } catch (error) {
        if (!StorageError.is(error)) throw error;
        throw new Error(`step ${index} of writer ${writer} failed on a disk that is in order`, { cause: error });
      }
      told({ type: "told", writer, index, told: "done" });
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  await storage.close();
  return trace;
}
