// Serves the app from a cache, so that it starts without a network. What people save is in IndexedDB, not here.

// Put in when the app is built: see build/precache.ts.
declare const __FILES__: readonly string[];
declare const __VERSION__: string;
declare const __ON_DEMAND__: Readonly<Record<string, string>>;

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
/**
 * Caches are the whole origin's, where another build may lie below another path. No address has a space, so that none of these is
 * the beginning of another's.
 */
const PREFIX = `holdfast-playground ${worker.registration.scope} `;
const CACHE = PREFIX + __VERSION__;
/** By the address of a file that is fetched on demand: the cache that it has to itself, which outlasts the app's versions. */
const OWN_CACHES = new Map(
  Object.entries(__ON_DEMAND__).map(([name, version]) => [
    worker.registration.scope + name,
    `${PREFIX}${name}-${version}`,
  ]),
);
/** What caches were called while they had no path of their own in their names. */
const FORMER = /^holdfast-playground-(?:[^ ]+-)?[0-9a-f]{16}$/;

worker.addEventListener("install", (event) => {
  event.waitUntil(fill());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(worker.registration.scope)) return;
  const own = OWN_CACHES.get(request.url);
  if (own !== undefined) event.respondWith(keep(own, event));
  else event.respondWith(request.mode === "navigate" ? answer("./", request) : answer(request, request));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Past the browser's own cache, which may hold an older index.html.
  await cache.addAll(__FILES__.map((name) => new Request(name, { cache: "reload" })));
}

/** A new version becomes active when no page uses the old one any more, whose files may then go. */
async function takeOver(): Promise<void> {
  const current = [CACHE, ...OWN_CACHES.values()];
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) ? !current.includes(name) : await isFormer(name)) await caches.delete(name);
  }
  await worker.clients.claim();
}

/** Whether a cache is one of this path under a former name: each held either the page or a file that is fetched on demand. */
async function isFormer(name: string): Promise<boolean> {
  if (!FORMER.test(name)) return false;
  const addresses = [`${worker.registration.scope}index.html`, ...OWN_CACHES.keys()];
  const held = await Promise.all(
    addresses.map((address) => caches.match(address, { cacheName: name, ignoreVary: true })),
  );
  return held.some((response) => response !== undefined);
}

async function answer(cached: RequestInfo, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  // Scripts are asked for with an Origin, which many servers name in Vary; the files are the same for everybody.
  return (await cache.match(cached, { ignoreVary: true })) ?? fetch(request);
}

/** Answers what was fetched once, and otherwise fetches and keeps it. */
async function keep(own: string, event: Fetching): Promise<Response> {
  const { request } = event;
  const known = await caches.match(request, { cacheName: own, ignoreVary: true });
  if (known !== undefined) return known;
  // As above: past the browser's own cache, which may hold an older one.
  const response = await fetch(request, { cache: "reload" });
  // Where there is no room for it, it is fetched again the next time.
  if (response.ok) event.waitUntil(put(own, request, response.clone()).catch(() => undefined));
  return response;
}

async function put(own: string, request: Request, response: Response): Promise<void> {
  const cache = await caches.open(own);
  await cache.put(request, response);
}
