import type {} from "@holdfast/browser";
import { describeAdapter } from "@holdfast/conformance";
import { afterAll, describe, inject, it } from "vitest";
import { LONGEST_CASE } from "./support/backing.ts";
import type { CaseAnswer, CaseRequest } from "./support/suite-messages.ts";
import { workerParts } from "./support/suite-parts.ts";

// Planned here; each case is then carried out by the worker, which has the same plan.
const worker = new Worker(new URL("./support/suite-worker.ts", import.meta.url), { type: "module" });
const seed = inject("seed");

afterAll(() => worker.terminate());

for (const part of workerParts) {
  describeAdapter(
    {
      name: "indexeddb in a worker",
      open: () => Promise.reject(new Error("no case runs in the window")),
      timeout: LONGEST_CASE,
    },
    {
      describe,
      it: (name, _body, timeout) => it(name, ({ task }) => inWorker(pathOf(task)), timeout),
    },
    { ...part, seed },
  );
}

interface Named {
  readonly name: string;
  readonly suite?: Named | undefined;
}

function pathOf({ name, suite }: Named): string {
  return suite === undefined ? name : `${pathOf(suite)} > ${name}`;
}

function inWorker(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", function answer({ data }: MessageEvent<CaseAnswer>) {
      if (data.path !== path) return;
      worker.removeEventListener("message", answer);
      if (!data.known) reject(new Error("the worker does not know this case"));
      else if (data.failure !== undefined) reject(new Error(data.failure));
      else resolve();
    });
    worker.postMessage({ path, seed } satisfies CaseRequest);
  });
}
