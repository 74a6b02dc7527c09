// Runs in the pages of a real browser: in one as the suite, in others as tabs on the store of a case.
import { type Harness, type Peer, type Result, runConformance, runPeer, themes } from "@holdfast/conformance";
import { indexeddb } from "@holdfast/indexeddb";

declare global {
  /** Runs the themes of these names; each result is told at once. */
  var runSuite: ((names: readonly string[]) => Promise<void>) | undefined;
  /** Makes this page the suite's other tab. */
  var beTab: ((database: string) => void) | undefined;
  /** What a tab says, brought to the suite; or the suite to the tab. */
  var hear: ((tab: number, message: unknown) => void) | undefined;

  // From outside of the pages.
  function tellResult(result: Result): Promise<void>;
  function openTab(database: string): Promise<number>;
  function crashTab(tab: number): Promise<void>;
  /** Brings a message to a tab. */
  function tellTab(tab: number, message: unknown): Promise<void>;
  /** Brings a message to the suite. */
  function tellSuite(message: unknown): Promise<void>;
}

const listeners = new Map<number, (message: unknown) => void>();
/** What came before somebody listened. */
const early = new Map<number, unknown[]>();

globalThis.hear = (tab, message) => {
  const listener = listeners.get(tab);
  if (listener !== undefined) listener(message);
  else early.set(tab, [...(early.get(tab) ?? []), message]);
};

globalThis.runSuite = async (names) => {
  const harness: Harness = {
    name: "indexeddb",
    // Some cases make tens of thousands of transactions.
    timeout: 300_000,
    async open() {
      const name = crypto.randomUUID();
      return {
        adapter: () => indexeddb({ name }),
        persistent: true,
        peer: () => startTab(name),
        forgetFeed: () => forgetFeed(name),
        destroy: () => remove(name),
      };
    },
  };
  const results = runConformance(harness, { themes: themes.filter(({ name }) => names.includes(name)) });
  // What a case threw is not always something that can be handed over.
  for await (const { error, ...result } of results) {
    await tellResult({ ...result, error: error === undefined ? undefined : String(error) });
  }
};

globalThis.beTab = (name) => {
  runPeer(() => indexeddb({ name }), {
    send: (message) => void tellSuite(message),
    receive: (listener) => listen(0, listener),
  });
};

async function startTab(name: string): Promise<Peer> {
  const tab = await openTab(name);
  return {
    channel: { send: (message) => void tellTab(tab, message), receive: (listener) => listen(tab, listener) },
    kill: () => crashTab(tab),
  };
}

function listen(tab: number, listener: (message: unknown) => void): void {
  listeners.set(tab, listener);
  for (const message of early.get(tab) ?? []) listener(message);
  early.delete(tab);
}

async function forgetFeed(name: string): Promise<void> {
  const database = await answered(indexedDB.open(name));
  const feed = database.transaction("feed", "readwrite").objectStore("feed");
  const newest = await answered(feed.openKeyCursor(null, "prev"));
  // The newest entry never leaves.
  if (newest !== null) await answered(feed.delete(IDBKeyRange.upperBound(newest.key, true)));
  database.close();
}

async function remove(name: string): Promise<void> {
  await answered(indexedDB.deleteDatabase(name));
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
