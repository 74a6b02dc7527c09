// What a shared worker and a service worker are asked to do with the store of their page; bundled into one script by the test.
import { openStorage, StorageError } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";

/** What a page asks, with a port for the answer. */
export type Question = "work" | "told";

const told: string[] = [];
const adapter = indexeddb({ name: "app" });
const opened = openStorage(adapter);

async function answer(question: Question): Promise<unknown> {
  const storage = await opened;
  if (question === "told") return told;
  await storage.watch("", ({ type, key, origin }) => told.push(`${origin} ${type} ${key}`));
  await storage.save("note", { title: "Hello" }, { tags: ["draft"], metadata: { kind: "text" } });
  await storage.save("large", new Uint8Array(3_000_000).fill(7));
  await storage.update<number>("counter", (current = 0) => current + 1);
  const large = await storage.load<Uint8Array>("large");
  return {
    note: await storage.load("note"),
    large: large?.reduce((sum, byte) => sum + byte, 0),
    found: (await storage.search({ text: "hel dra", tags: ["draft"] })).length,
    draft: (await storage.search({ text: "dra", where: { kind: "text" } })).map(({ key }) => key),
    items: (await storage.getInfo()).items,
    problems: (await storage.verify()).problems,
    persisted: await adapter.persisted(),
    persist: await adapter.persist().catch(({ code }) => code),
  };
}

function onQuestion(event: MessageEvent<Question>): void {
  const answered = answer(event.data).then(
    (result) => event.ports[0]?.postMessage({ result }),
    (error: unknown) =>
      event.ports[0]?.postMessage({
        error: StorageError.is(error) ? `${error.code}: ${error.message}` : String(error),
      }),
  );
  // A service worker is kept alive until then.
  if ("waitUntil" in event) (event as MessageEvent & { waitUntil(work: Promise<void>): void }).waitUntil(answered);
}

self.addEventListener("message", onQuestion);
self.addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port !== undefined) port.onmessage = onQuestion;
});
