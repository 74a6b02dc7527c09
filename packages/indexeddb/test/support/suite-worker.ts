// Runs cases of the suite in a worker, as the window asks for them.
import { describeAdapter } from "@holdfast/conformance";
import { LONGEST_CASE, newBacking } from "./backing.ts";
import { startWorker } from "./start-worker.ts";
import type { CaseAnswer, CaseRequest } from "./suite-messages.ts";
import { workerParts } from "./suite-parts.ts";

const bodies = new Map<string, () => Promise<void>>();
const path: string[] = [];
self.addEventListener("message", async ({ data }: MessageEvent<CaseRequest>) => {
  if (bodies.size === 0) register(data.seed);
  try {
    await bodies.get(data.path)?.();
    self.postMessage({ path: data.path, known: bodies.has(data.path), failure: undefined } satisfies CaseAnswer);
  } catch (error) {
    const failure = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    self.postMessage({ path: data.path, known: true, failure } satisfies CaseAnswer);
  }
});

function register(seed: number | undefined): void {
  for (const part of workerParts) {
    describeAdapter(
      { name: "indexeddb in a worker", open: async () => newBacking(startWorker), timeout: LONGEST_CASE },
      {
        describe(name, body) {
          path.push(name);
          body();
          path.pop();
        },
        it: (name, body) => void bodies.set([...path, name].join(" > "), body),
      },
      { ...part, seed },
    );
  }
}
