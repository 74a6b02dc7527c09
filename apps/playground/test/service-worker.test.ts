import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Page, type RunningApp, startApp, type User } from "./support/app.ts";

const BUILT = new URL("../dist/service-worker.js", import.meta.url);

/** What the host does beside serving the app, also below /one/ and /two/, and /outside, an empty page. */
interface Host {
  redirects: boolean;
  /** Of the worker's script, by the folder that it is asked for in. */
  change: (script: string, folder: string) => string;
}
const host: Host = { redirects: false, change: (script) => script };

let app: RunningApp;
let user: User;

beforeAll(async () => {
  app = await startApp((request, response, next) => {
    const { folder = "/", name = "" } =
      /^(?<folder>\/(?:one\/|two\/)?)(?<name>[^?]*)/.exec(request.url ?? "")?.groups ?? {};
    request.url = `/${name}`;
    if (name === "outside") return void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
    if (host.redirects && name === "index.html") return void response.writeHead(301, { location: folder }).end();
    if (name !== "service-worker.js") return next();
    readFile(BUILT, "utf8").then((script) => {
      response.writeHead(200, { "content-type": "text/javascript", "cache-control": "no-cache" });
      response.end(host.change(script, folder));
    }, next);
  });
});
afterAll(() => app?.stop());

beforeEach(async () => {
  Object.assign(host, { redirects: false, change: (script: string) => script });
  user = await app.newUser();
});
afterEach(async () => {
  expect(user.complaints).toEqual([]);
  await user.context.close();
});

/** As if another file of the app had changed. */
const ofVersion = (version: string) => (script: string) => {
  const changed = script.replace(/"[0-9a-f]{16}"(?=,)/, JSON.stringify(version));
  expect(changed).not.toBe(script);
  return changed;
};

const isActive = (page: Page) =>
  page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active !== null && active.state !== "activated") {
      await new Promise((resolve) => active.addEventListener("statechange", resolve, { once: true }));
    }
  });
const cachesOf = (page: Page) => page.evaluate(() => caches.keys());
const opens = (page: Page) => page.getByRole("searchbox").waitFor();

/** What stands for a worker below /one/, as a page sees it. */
const statesOf = (page: Page) =>
  page.evaluate(async () => {
    const { waiting, active } = (await navigator.serviceWorker.getRegistration("/one/")) ?? {};
    return { waiting: waiting?.state, active: active?.state };
  });

/**
 * The worker below /one/ gives way to another version, as it does when no page uses it any more. Takes its only page, and returns
 * one of the new version.
 */
async function updateTo(version: string, page: Page): Promise<Page> {
  host.change = ofVersion(version);
  await page.reload();
  await expect.poll(() => statesOf(page)).toEqual({ waiting: "installed", active: "activated" });
  await opens(page);
  const outside = await user.context.newPage();
  await outside.goto(`${app.address}outside`);
  await page.close();
  // It does so in its own time: a page that is opened before would be another one of the old version, which then stays.
  await expect.poll(() => statesOf(outside)).toEqual({ active: "activated" });
  const again = await user.openTab("one/");
  await outside.close();
  return again;
}

async function loadSample(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Load sample data", exact: true }).click();
  await page.locator(".list-head").filter({ hasText: "750 items" }).waitFor();
}

describe("the service worker", () => {
  it("answers also where the host redirects index.html to its folder", async () => {
    host.redirects = true;
    const page = await user.openTab();
    await isActive(page);
    const answer = await page.reload();
    expect(answer?.fromServiceWorker()).toBe(true);
    await opens(page);
  });

  it("leaves the cache of a build below another path alone", async () => {
    host.change = (script, folder) => (folder === "/two/" ? ofVersion("2")(script) : script);
    const one = await user.openTab("one/");
    await isActive(one);
    const before = await cachesOf(one);
    const two = await user.openTab("two/");
    await isActive(two);
    expect(await cachesOf(two)).toEqual([...before, `holdfast-playground ${app.address}two/ 2`]);
  });

  it("takes over from an older version when no page uses that any more, and its cache goes", async () => {
    host.change = ofVersion("older");
    const page = await user.openTab("one/#new");
    await isActive(page);
    expect(await cachesOf(page)).toEqual([`holdfast-playground ${app.address}one/ older`]);
    const again = await updateTo("newer", page);
    await expect.poll(() => cachesOf(again)).toEqual([`holdfast-playground ${app.address}one/ newer`]);
    await user.context.setOffline(true);
    await again.reload();
    await opens(again);
  });

  it("deletes the caches that it had under former names, and none of another build or app", async () => {
    host.change = ofVersion("older");
    const page = await user.openTab("one/");
    await isActive(page);
    const version = "0123456789abcdef";
    const others = [
      ["holdfast-playground-fedcba9876543210", "two/index.html"],
      [`holdfast-playground-corpus.json-${version.replace("0", "1")}`, "two/corpus.json"],
      ["holdfast-playground-notes", "index.html"],
      [`another-${version}`, "index.html"],
    ] as const;
    const former = [
      [`holdfast-playground-${version}`, "index.html"],
      [`holdfast-playground-corpus.json-${version}`, "corpus.json"],
    ] as const;
    await page.evaluate(
      async (made) => {
        for (const [name, file] of made) await (await caches.open(name)).put(file, new Response("{}"));
      },
      [...others, ...former],
    );
    const again = await updateTo("newer", page);
    await isActive(again);
    const left = [...others.map(([name]) => name), `holdfast-playground ${app.address}one/ newer`];
    await expect.poll(async () => (await cachesOf(again)).sort()).toEqual(left.sort());
  });

  it("has the sample data, once it was fetched, in a cache that the app's versions leave alone", async () => {
    const page = await user.openTab();
    await isActive(page);
    await page.reload();
    await loadSample(page);
    const corpus = new RegExp(`^holdfast-playground ${app.address} corpus\\.json-[0-9a-f]{16}$`);
    const own = async () => (await cachesOf(page)).filter((name) => corpus.test(name));
    await expect.poll(own).toHaveLength(1);
    expect(await cachesOf(page)).toHaveLength(2);
    const kept = await page.evaluate(
      async ([name = ""]) => (await (await caches.open(name)).keys()).length,
      await own(),
    );
    expect(kept).toBe(1);
  });

  it("hands on the sample data where there is no room to keep it", async () => {
    const full = "Cache.prototype.put = async () => { throw new DOMException('no room', 'QuotaExceededError') };";
    host.change = (script) => full + script;
    const page = await user.openTab();
    await isActive(page);
    await page.reload();
    await loadSample(page);
  });
});
