import type { StorageEngine } from "@holdfast/core";
import type { Step } from "./plan.ts";
import { dataOf, optionsOf, piecesOf } from "./values.ts";

/** One step of a plan, on a real store. */
export async function perform(storage: StorageEngine, step: Step): Promise<void> {
  switch (step.do) {
    case "save":
      if (step.value.format === "stream") {
        const { format: _, ...options } = optionsOf(step.value);
        await storage.saveStream(step.key, piecesOf(step.value), options);
      } else await storage.save(step.key, dataOf(step.value), optionsOf(step.value));
      return;
    case "delete":
      await storage.delete(step.key);
      return;
    case "batch":
      await storage.batch([
        ...step.deletes.map((key) => ({ type: "delete", key }) as const),
        ...step.saves.map(
          ({ key, value }) => ({ type: "save", key, data: dataOf(value), options: optionsOf(value) }) as const,
        ),
      ]);
      return;
    case "flush":
      await storage.flush();
  }
}
