import { type StorageEngine, StorageError, type Timers } from "@holdfast/core";

export { expect } from "vitest";

/** An app to be tested. */
export async function saveDraft(storage: StorageEngine, text: string): Promise<string> {
  try {
    await storage.save("draft", text);
    return "saved";
  } catch (error) {
    if (StorageError.is(error, "UNAVAILABLE")) return "kept for later";
    throw error;
  }
}

/** Whether `addToCart` forgets that somebody else may write meanwhile. */
export const carts: { careless: boolean } = { careless: false };

export async function addToCart(storage: StorageEngine, article: string): Promise<void> {
  if (!carts.careless) {
    await storage.update<string[]>("cart", (cart = []) => [...cart, article]);
    return;
  }
  const cart = (await storage.load<string[]>("cart")) ?? [];
  await storage.save("cart", [...cart, article]);
}

export function loadOrPlaceholder(storage: StorageEngine, timers: Timers): Promise<unknown> {
  const late = new Promise((resolve) => {
    timers.schedule(() => resolve("loading…"), 1_000, "foreground");
  });
  return Promise.race([storage.load("page"), late]);
}
