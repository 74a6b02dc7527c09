import { type StorageEngine, StorageError } from "@holdfast/core";
import { expect, it } from "vitest";
import { createProgressView } from "../../src/terminal/index.ts";
import { emptyReport, importItems } from "../../src/tree/import-items.ts";
import { planImport } from "../../src/tree/import-plan.ts";
import { useWorkspace } from "../support/workspace.ts";

const space = useWorkspace();

it("begins with no other file once one has failed for all of them", async () => {
  for (let index = 0; index < 100; index++) await space.write(`data/${index}.json`, "1");
  const plan = await planImport(space.path("data"), {
    prefix: "",
    as: undefined,
    options: {},
    acceptChanges: false,
    encrypt: undefined,
    now: Date.now(),
  });
  const report = emptyReport();
  let saves = 0;
  await space.store("app.db", async (open) => {
    const storage: StorageEngine = new Proxy(open, {
      get(target, name) {
        if (name === "save") {
          return (...args: Parameters<StorageEngine["save"]>) =>
            saves++ === 0 ? Promise.reject(new StorageError("UNAVAILABLE", "out of reach")) : target.save(...args);
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const progress = createProgressView({ mode: "none", target: process.stderr, now: Date.now });
    const work = { storage, conflict: "skip", progress, signal: new AbortController().signal, now: Date.now } as const;
    await expect(importItems(plan, report, work)).rejects.toThrow("out of reach");
  });
  // Those that were in flight with it.
  expect(report.imported).toBeLessThan(40);
});
