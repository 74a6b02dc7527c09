import { resolve } from "node:path";
import { pageWithoutBundler, servedPackages } from "@holdfast/browser";
import { beforeAll, expect, it } from "vitest";
import { importMapOf } from "../src/import-map.ts";
import { FOUND_IN_A_BROWSER, IN_A_BROWSER } from "../src/samples.ts";
import { tryInBrowser } from "../src/try-in-browser.ts";

let page: string;
let served: Readonly<Record<string, string>>;
beforeAll(async () => {
  page = await pageWithoutBundler();
  served = await servedPackages(resolve(import.meta.dirname, ".."), ["holdfast"]);
});

it("names what the packages import, no more and no less", async () => {
  const [, map = ""] = /<script type="importmap">(.*?)<\/script>/s.exec(page) ?? [];
  expect(JSON.parse(map)).toEqual(await importMapOf("holdfast", served));
});

it("works in a browser", async () => {
  const texts = { "/index.html": page, "/app.js": IN_A_BROWSER };
  expect(await tryInBrowser(served, texts)).toEqual(FOUND_IN_A_BROWSER);
});
