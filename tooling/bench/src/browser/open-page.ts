import { join } from "node:path";
import { launchProfile } from "@holdfast/browser/launch";
import { bundleScript, openBlankPage } from "@holdfast/browser/page";
import type { Contender, ContenderFacts } from "../harness/contender.ts";
import type { PageStoreId, Work } from "./work.ts";

/** A page of a real browser whose profile lies in `folder`, with the stores of all contenders in it. */
export interface BenchPage {
  open(store: PageStoreId): Promise<void>;
  fill(store: PageStoreId, start: number, count: number): Promise<void>;
  contender(store: PageStoreId, facts: Omit<ContenderFacts, "id">): Contender<Work>;
  close(): Promise<void>;
}

export async function openPage(folder: string): Promise<BenchPage> {
  const script = await bundleScript(join(import.meta.dirname, "in-page.ts"));
  const context = await launchProfile(folder, ["--js-flags=--expose-gc"]);
  const page = await openBlankPage(context);
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
