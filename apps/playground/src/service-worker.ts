// Serves the app from a cache, so that it starts without a network. What people save is in IndexedDB, not here.

// Put in when the app is built: see build/precache.ts.
declare const __FILES__: readonly string[];
declare const __VERSION__: string;

/** The part of the standard's ServiceWorkerGlobalScope that is used here; TypeScript has it only without the DOM. */
interface Worker {
  readonly clients: { claim(): Promise<void> };
  readonly registration: { readonly scope: string };
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}
interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const worker = globalThis as unknown as Worker;
const PREFIX = "holdfast-playground-";
const CACHE = PREFIX + __VERSION__;

worker.addEventListener("install", (event) => {
  event.waitUntil(fill());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(worker.registration.scope)) return;
  event.respondWith(request.mode === "navigate" ? answer("index.html", request) : answer(request, request));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Past the browser's own cache, which may hold an older index.html.
  await cache.addAll(__FILES__.map((name) => new Request(name, { cache: "reload" })));
}

/** A new version becomes active when no page uses the old one any more, whose files may then go. */
async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  }
  await worker.clients.claim();
}

async function answer(cached: RequestInfo, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  // Scripts are asked for with an Origin, which many servers name in Vary; the files are the same for everybody.
  const known = await cache.match(cached, { ignoreVary: true });
  if (known !== undefined) return known;
  const response = await fetch(request);
  // The corpus, once it was fetched.
  if (response.ok && request.mode !== "navigate") await cache.put(request, response.clone());
  return response;
}
