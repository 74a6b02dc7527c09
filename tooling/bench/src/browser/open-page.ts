import { join } from "node:path";
import { launchProfile } from "@holdfast/browser/launch";
import { build } from "vite";
import type { Contender, ContenderFacts } from "../harness/contender.ts";
import type { PageStoreId, Work } from "./work.ts";

/** A page of a real browser whose profile lies in `folder`, with the stores of all contenders in it. */
export interface BenchPage {
  open(store: PageStoreId): Promise<void>;
  fill(store: PageStoreId, start: number, count: number): Promise<void>;
  contender(store: PageStoreId, facts: Omit<ContenderFacts, "id">): Contender<Work>;
  close(): Promise<void>;
}

// Loopback counts as secure, which IndexedDB's neighbours ask for. Nobody listens there: the browser is answered from here.
const ADDRESS = "http://127.0.0.1/";

export async function openPage(folder: string): Promise<BenchPage> {
  const script = await bundle();
  const context = await launchProfile(folder, ["--js-flags=--expose-gc"]);
  await context.route(ADDRESS, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  const page = await context.newPage();
  await page.goto(ADDRESS);
  await page.addScriptTag({ content: script });
  let open = true;
  const close = async () => {
    if (open) await context.close();
    open = false;
  };
  return {
    open: (store) => page.evaluate((id) => globalThis.pageBench?.open(id), store),
    fill: (store, start, count) =>
      page.evaluate(([id, from, many]) => globalThis.pageBench?.fill(id, from, many), [store, start, count] as const),
    contender: (store, facts) => ({
      id: store,
      ...facts,
      async prepare(work) {
        await page.evaluate(([id, round]) => globalThis.pageBench?.prepare(id, round), [store, work] as const);
        return () =>
          page.evaluate(() => {
            if (globalThis.pageBench === undefined) throw new Error("the page has lost its script");
            return globalThis.pageBench.run();
          });
      },
      // All share the browser.
      close,
    }),
    close,
  };
}

/** in-page.ts with all that it imports, as one script. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      target: "esnext",
      lib: { entry: join(import.meta.dirname, "in-page.ts"), formats: ["iife"], name: "bench" },
    },
  });
  const [first] = Array.isArray(built) ? built : [built];
  const chunk = first !== undefined && "output" in first ? first.output[0] : undefined;
  if (chunk?.type !== "chunk") throw new Error("the page's script was not built");
  return chunk.code;
}
