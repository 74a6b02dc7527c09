// The page of a shared or service worker that works on the same store.
import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
import type { Question } from "./shared-work.ts";

declare global {
  var tryWorker: ((kind: string) => Promise<unknown>) | undefined;
}

globalThis.tryWorker = async (kind) => {
  const target = kind === "shared" ? new SharedWorker("/worker.js").port : await serviceWorker();
  const ask = (question: Question) => {
    const { port1, port2 } = new MessageChannel();
    return new Promise<unknown>((resolve, reject) => {
      port1.onmessage = ({ data }) => ("result" in data ? resolve(data.result) : reject(new Error(data.error)));
      target.postMessage(question, [port2]);
    });
  };
  const storage = await openStorage(indexeddb({ name: "app" }));
  const here: string[] = [];
  await storage.watch("", ({ type, key, origin }) => here.push(`${origin} ${type} ${key}`));
  const worked = await ask("work");
  const note = await storage.load("note");
  await storage.update<number>("counter", (current = 0) => current + 1);
  await storage.save("mine", 1);
  const counter = await storage.load("counter");
  let there: unknown[] = [];
  while (!there.includes("peer save mine") || here.length < there.length) {
    there = (await ask("told")) as unknown[];
  }
  await storage.close();
  return { worked, note, counter, here, there };
};

async function serviceWorker(): Promise<ServiceWorker> {
  await navigator.serviceWorker.register("/worker.js");
  const { active } = await navigator.serviceWorker.ready;
  if (active === null) throw new Error("the service worker is not active");
  return active;
}
