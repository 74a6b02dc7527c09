// The code of docs/testing-your-app.md, word for word, with an app for it to test.
import { readFileSync } from "node:fs";
import { faulty, SimulatedPorts, Simulation } from "@holdfast/conformance";
import { openStorage, type StorageEngine, StorageError, type Timers } from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { expect, it } from "vitest";

const page = readFileSync(new URL("../../../docs/testing-your-app.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/<!-- run: (.+) -->\n```ts\n([\s\S]+?)```/g)].map(([, name = "", code = ""]) => ({
  name,
  code,
}));

async function saveDraft(storage: StorageEngine, text: string): Promise<string> {
  try {
    await storage.save("draft", text);
    return "saved";
  } catch (error) {
    if (StorageError.is(error, "UNAVAILABLE")) return "kept for later";
    throw error;
  }
}

async function addToCart(storage: StorageEngine, article: string): Promise<void> {
  await storage.update<string[]>("cart", (cart = []) => [...cart, article]);
}

async function addToCartCarelessly(storage: StorageEngine, article: string): Promise<void> {
  const cart = (await storage.load<string[]>("cart")) ?? [];
  await storage.save("cart", [...cart, article]);
}

function loadOrPlaceholder(storage: StorageEngine, timers: Timers): Promise<unknown> {
  const late = new Promise((resolve) => {
    timers.schedule(() => resolve("loading…"), 1_000, "foreground");
  });
  return Promise.race([storage.load("page"), late]);
}

const scope = {
  faulty,
  SimulatedPorts,
  Simulation,
  openStorage,
  createMemoryStore,
  memory,
  expect,
  saveDraft,
  loadOrPlaceholder,
};

function run(code: string, more: Record<string, unknown>): Promise<void> {
  const names = { ...scope, ...more };
  // The examples use one piece of TypeScript, a type argument, which a plain function does not read.
  const script = code.replaceAll(/<string\[\]>(?=\()/g, "");
  const body = `return (async () => {${script}})();`;
  return new Function(...Object.keys(names), body)(...Object.values(names)) as Promise<void>;
}

it("has an example for each subject", () => {
  expect(examples.map(({ name }) => name)).toEqual(["lost connections", "conflicts", "slow storage", "time"]);
});

it.each(examples)("runs as it stands: $name", async ({ code }) => {
  await run(code, { addToCart });
});

it("catches the app that loads and saves, as the page says", async () => {
  const conflicts = examples.find(({ name }) => name === "conflicts");
  const careless = run(conflicts?.code ?? "", { addToCart: addToCartCarelessly });
  await expect(careless).rejects.toThrow(/simulation with seed \d+/);
});
