import { openStorage } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { afterEach, expect, it, vi } from "vitest";
import { importCorpus } from "../src/store/corpus.ts";

// Before the next file of this process begins to fetch.
afterEach(() => {
  vi.unstubAllGlobals();
});

it("a network that goes in the middle of the sample data is told like one that is not there", async () => {
  const half = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('[{ "key": '));
      controller.error(new TypeError("network error"));
    },
  });
  vi.stubGlobal("fetch", async () => new Response(half));
  await using storage = await openStorage(memory());
  const work = importCorpus(storage, { signal: new AbortController().signal, tell: () => undefined });
  await expect(work).rejects.toThrow("Go online once");
});
