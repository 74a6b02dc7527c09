import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Page, type RunningApp, startApp, type User } from "./support/app.ts";

let app: RunningApp;
let user: User;
let page: Page;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

async function begin(place = "", options: Parameters<RunningApp["newUser"]>[0] = {}): Promise<void> {
  user = await app.newUser(options);
  page = await user.openTab(place);
}

afterEach(async () => {
  await user.context.close();
  expect(user.complaints).toEqual([]);
});

const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
const heading = (name: string) => page.getByRole("heading", { name, exact: true });
/** The name of what has it. */
const focus = () =>
  page.evaluate(() => {
    const { activeElement } = document;
    return activeElement?.getAttribute("aria-label") ?? activeElement?.id;
  });
const keys = () => page.locator("a.item .item-key").allTextContents();
const sortedKeys = async () => (await keys()).sort();

/** Writes an item by the form. */
async function write(key: string, content: string, tags: readonly string[] = []): Promise<void> {
  await button("New item").click();
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByLabel("Content", { exact: true }).fill(content);
  for (const tag of tags) {
    await page.getByRole("combobox", { name: "Tags" }).fill(tag);
    await page.getByRole("combobox", { name: "Tags" }).press("Enter");
  }
  await button("Save").click();
  await heading(key.slice(key.lastIndexOf("/") + 1)).waitFor();
}

async function edit(content: string): Promise<void> {
  await button("Edit").click();
  await page.getByLabel("Content", { exact: true }).fill(content);
  await button("Save").click();
  await page.locator("pre").filter({ hasText: content }).waitFor();
}

async function loadSample(): Promise<void> {
  await button("Load sample data").click();
  await page.locator(".list-head").filter({ hasText: "750 items" }).waitFor();
}

async function fromMenu(name: RegExp): Promise<void> {
  await button("Data").click();
  await page.locator(".menu").getByRole("button", { name }).click();
}

describe("items", () => {
  it("are added, edited, tagged, and there again after a reload", async () => {
    // As from the link in a mail of a project's: the session in it does not stay in the address.
    await begin("#access_token=secret&token_type=bearer");
    await page.getByText("Nothing here yet").waitFor();
    expect(page.url()).toBe(app.address);
    await write("notes/first", "Hello", ["draft", "idea"]);
    await edit("Hello, world");
    await page.reload();
    await heading("first").waitFor();
    expect(await page.locator("pre").textContent()).toBe("Hello, world");
    expect(await page.locator(".item-view .chip").allTextContents()).toEqual(["draft", "idea"]);
    await expect.poll(keys).toEqual(["notes/first"]);
  });

  it("take tags by commas, and the one that is being typed along when they are saved by Control+S", async () => {
    await begin();
    await write("notes/first", "Hello");
    await button("Edit").click();
    const field = page.getByRole("combobox", { name: "Tags" });
    await field.fill("one, two,");
    expect(await field.inputValue()).toBe("");
    await field.fill(",");
    expect(await field.inputValue()).toBe("");
    await field.fill("half");
    // It ends what an input method composes, and adds nothing.
    await field.dispatchEvent("keydown", { key: "Enter", isComposing: true });
    expect(await field.inputValue()).toBe("half");
    await field.press("Control+s");
    await heading("first").waitFor();
    expect(await page.locator(".item-view .chip").allTextContents()).toEqual(["one", "two", "half"]);
  });

  it("wait while one is elsewhere, and keep the page from being left, until they are saved or given up", async () => {
    await begin();
    await write("notes/a", "x");
    await button("New item").click();
    await page.getByLabel("Key", { exact: true }).fill("notes/half");
    await page.getByRole("link", { name: /notes\/a/ }).click();
    await heading("a").waitFor();
    const asked = page.waitForEvent("dialog");
    await page.evaluate(() => setTimeout(() => location.reload()));
    const question = await asked;
    expect(question.type()).toBe("beforeunload");
    await question.dismiss();
    await page.getByRole("navigation", { name: "Not saved" }).getByRole("link", { name: "a new item" }).click();
    expect(await page.getByLabel("Key", { exact: true }).inputValue()).toBe("notes/half");
    await button("Cancel").click();
    await button("New item").click();
    expect(await page.getByLabel("Key", { exact: true }).inputValue()).toBe("notes/");
    // Asked again, nobody would answer.
    await page.reload();
    await heading("New item").waitFor();
  });

  it("hold JSON, and say what is wrong with it beside the field", async () => {
    await begin("#new");
    await page.getByLabel("Key", { exact: true }).fill("settings");
    await page.getByText("JSON", { exact: true }).click();
    await page.getByLabel("Content", { exact: true }).fill('{ "size": 3');
    await button("Save").click();
    const field = page.getByLabel("Content", { exact: true });
    await expect.poll(() => field.getAttribute("aria-invalid")).toBe("true");
    expect(await page.locator("#content-fault").textContent()).toContain("This is not JSON");
    await field.fill('{ "size": 3 }');
    await page.getByLabel("Metadata", { exact: true }).fill('{ "title": "My settings" }');
    await field.press("Control+s");
    await heading("My settings").waitFor();
    expect(JSON.parse((await page.locator("pre").textContent()) ?? "")).toEqual({ size: 3 });
  });

  it("are not created over others, nor under keys that are none", async () => {
    await begin();
    await write("notes/a", "mine");
    await button("New item").click();
    await page.getByLabel("Key", { exact: true }).fill("notes/a");
    await button("Save").click();
    await page.locator("#key-fault").filter({ hasText: "There is an item of this key already" }).waitFor();
    await page.getByLabel("Key", { exact: true }).fill("notes/../b");
    await button("Save").click();
    await page.locator("#key-fault").filter({ hasText: "INVALID_KEY" }).waitFor();
    await expect.poll(keys).toEqual(["notes/a"]);
  });

  it("come back after they were deleted", async () => {
    await begin();
    await write("notes/a", "kept");
    await button("Delete").click();
    await page.getByText("Nothing here yet").waitFor();
    await expect.poll(focus).toBe("Items");
    await button("Undo").click();
    await heading("a").waitFor();
    expect(await page.locator("pre").textContent()).toBe("kept");
  });

  it("have a history, to compare and to restore", async () => {
    await begin();
    await write("notes/a", "one");
    await edit("two");
    await edit("three");
    const versions = page.locator(".versions > li");
    await expect.poll(() => versions.count()).toBe(2);
    await versions
      .last()
      .getByRole("button", { name: /^Compare/ })
      .click();
    await expect.poll(() => versions.last().locator("del").textContent()).toContain("one");
    expect(await versions.last().locator("ins").textContent()).toContain("three");
    await versions
      .last()
      .getByRole("button", { name: /^Restore/ })
      .click();
    await page.locator("pre").filter({ hasText: "one" }).waitFor();
    await expect.poll(() => versions.count()).toBe(3);
  });
});

describe("the sample data", () => {
  it("comes with progress, is searched while one types, narrowed by folder and tags, and shows flags as pictures", async () => {
    await begin();
    const seen: number[] = [];
    await page.exposeFunction("sawProgress", (done: number) => seen.push(done));
    await page.evaluate(() => {
      const told = globalThis as unknown as { sawProgress(done: number): void };
      new MutationObserver(() => {
        const bar = document.querySelector("progress");
        if (bar !== null && bar.max === 750) told.sawProgress(bar.value);
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    await loadSample();
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(5);

    await page.keyboard.press("/");
    await page.keyboard.type("guin");
    await page.locator(".list-head").filter({ hasText: "12 items" }).waitFor();
    // What is heard is what a region that stands already comes to say.
    const said = page.locator(".list-column > [role='status']");
    await said.evaluate((region) => region.setAttribute("data-stood-with", region.textContent ?? ""));
    await button(/^countries\//).click();
    await expect.poll(sortedKeys).toEqual(["countries/gin", "countries/gnb", "countries/gnq", "countries/png"]);
    await button(/^Western Africa/).click();
    await expect.poll(sortedKeys).toEqual(["countries/gin", "countries/gnb"]);
    await page.getByRole("searchbox").fill("guin no such thing");
    await heading("Nothing found").waitFor();
    expect(await said.getAttribute("data-stood-with")).toBe("12 items");
    expect(await said.textContent()).toBe("Nothing found");
    await button("Show everything").click();
    await page.locator(".list-head").filter({ hasText: "750 items" }).waitFor();
    await page.getByLabel("Order").selectOption("Largest");
    await expect.poll(async () => (await keys())[0]).toBe("borders/can.geo.json");

    await page.getByRole("searchbox").fill("flags/fra");
    await page.getByRole("link", { name: /flags\/fra/ }).click();
    const picture = page.getByRole("img", { name: "France" });
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  });

  it("shows a picture that is also a script, which has no part in this page's data wherever it runs", async () => {
    // What a service worker fetches does not come by the route below.
    await begin("", { serviceWorkers: "block" });
    const script = `try { localStorage.setItem("ran", "") } catch (error) { document.documentElement.id = error.name }`;
    const bytes = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>${script}</script></svg>`;
    const item = { key: "flags/trap.svg", bytes, tags: [], metadata: { mediaType: "image/svg+xml" } };
    await page.route("**/corpus.json", (route) => route.fulfill({ json: [item] }));
    await button("Load sample data").click();
    await page.getByRole("link", { name: /flags\/trap/ }).click();
    const picture = page.getByRole("img", { name: "trap.svg" });
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(9);
    const alone = await user.context.newPage();
    await alone.goto((await picture.getAttribute("src")) ?? "");
    expect(await alone.evaluate(() => document.documentElement.id)).toBe("SecurityError");
    expect(await page.evaluate(() => localStorage.getItem("ran"))).toBeNull();
    // Nor would one that got into the page.
    await page.evaluate((text) => {
      document.head.append(Object.assign(document.createElement("script"), { text }));
    }, script);
    expect(await page.evaluate(() => localStorage.getItem("ran"))).toBeNull();
    await expect
      .poll(() => user.complaints.toSorted())
      .toEqual([
        expect.stringContaining("Content Security Policy"),
        expect.stringContaining("Service Worker registration blocked"),
      ]);
    user.complaints.length = 0;
    const [file] = await Promise.all([page.waitForEvent("download"), button(/^Download/).click()]);
    expect(file.suggestedFilename()).toBe("trap.svg");
    expect(await readFile(await file.path(), "utf8")).toBe(bytes);
  });

  it("is stopped halfway on request, on a phone also beside a form, keeping what is there", async () => {
    await begin("#new");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.evaluate(() => {
      new MutationObserver((_, observer) => {
        if ((document.querySelector("progress")?.value ?? 0) < 100) return;
        observer.disconnect();
        const stop = document.querySelector<HTMLButtonElement>(".task button");
        // What cannot be seen does not take it.
        stop?.focus();
        if (document.activeElement === stop) stop?.click();
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    await fromMenu(/^Load sample data/);
    await page.getByText("Loading sample data: stopped").waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
    await page.goto(`${app.address}#`);
    const left = async () => Number.parseInt((await page.locator(".list-head p").textContent()) ?? "", 10);
    await expect.poll(left).toBeGreaterThanOrEqual(100);
    expect(await left()).toBeLessThan(750);
  });
});

describe("everything as one file", () => {
  /** Its text. */
  async function exportFile(): Promise<string> {
    const [file] = await Promise.all([page.waitForEvent("download"), fromMenu(/^Export everything/)]);
    await page.getByText(/items? exported/).waitFor();
    expect(file.suggestedFilename()).toMatch(/^holdfast-\d{4}-\d\d-\d\d\.jsonl$/);
    return readFile(await file.path(), "utf8");
  }

  async function importFile(text: string): Promise<void> {
    const file = { name: "some.jsonl", mimeType: "application/jsonl", buffer: Buffer.from(text) };
    await page.getByLabel("File to import").setInputFiles(file);
  }

  it("goes out and comes back whole in another browser, dates included", async () => {
    await begin();
    await loadSample();
    await write("notes/emoji 🦊", "naïve\n\u{FEFF}text", ["tag"]);
    const before = await exportFile();
    await user.context.close();

    await begin();
    await importFile(before);
    await page.getByText("751 items imported").waitFor();
    await page.locator(".list-head").filter({ hasText: "751 items" }).waitFor();
    // A comparison of megabytes that differ would never end.
    expect((await exportFile()) === before).toBe(true);
  });

  it("replaces what stands, which goes into the history", async () => {
    await begin();
    await write("notes/a", "exported");
    const exported = await exportFile();
    await edit("changed since");
    await importFile(exported);
    await page.locator("pre").filter({ hasText: "exported" }).waitFor();
    await expect.poll(() => page.locator(".versions > li").count()).toBe(2);
    await importFile(exported);
    await page.getByText("0 items imported, 1 item already there").waitFor();
  });

  it.each([
    ["cut off", (lines: string[]) => lines.slice(0, -2), "it was cut off"],
    [
      "damaged",
      (lines: string[]) => lines.map((line) => line.replace("second", "SECOND")),
      "does not match its checksum",
    ],
    ["of another program", () => ["{}", ""], "no file that the playground exported"],
    [
      "of a newer layout",
      ([, ...rest]: string[]) => ['{"holdfast":"archive","layout":2,"items":2}', ...rest],
      "newer playground",
    ],
  ])("is refused when it is %s, and nothing is changed", async (_, damage, reason) => {
    await begin();
    await write("notes/a", "first");
    await write("notes/b", "second");
    const exported = await exportFile();
    await edit("later");
    await importFile(damage(exported.split("\n")).join("\n"));
    await page.getByRole("alert").filter({ hasText: reason }).waitFor();
    expect(await page.locator("pre").textContent()).toBe("later");
  });

  it("is gone at one stroke, after a question", async () => {
    await begin();
    await write("notes/a", "x");
    await fromMenu(/^Delete everything/);
    await button("Keep them").click();
    await expect.poll(keys).toEqual(["notes/a"]);
    await fromMenu(/^Delete everything/);
    await page.getByRole("dialog").getByRole("button", { name: "Delete everything" }).click();
    await page.getByText("1 item deleted").waitFor();
    await page.getByText("Nothing here yet").waitFor();
    await write("notes/a", "y");
    await page.getByText("This is its first version").waitFor();
  });
});

describe("two tabs", () => {
  it("see each other's changes", async () => {
    await begin();
    const other = await user.openTab();
    await write("notes/shared", "from the first");
    await other.getByRole("link", { name: /notes\/shared/ }).click();
    await edit("changed in the first");
    await other.locator("pre").filter({ hasText: "changed in the first" }).waitFor();
    await button("Delete").click();
    await other.getByText("There is no such item").waitFor();
    expect(await other.evaluate(() => document.activeElement?.tagName)).toBe("H2");
  });

  it("never overwrite each other unawares", async () => {
    await begin();
    await write("notes/shared", "as it was");
    const other = await user.openTab("#item/notes%2Fshared");
    await other.getByRole("button", { name: "Edit" }).click();
    await other.getByLabel("Content", { exact: true }).fill("theirs");
    await edit("mine");
    await other.getByRole("button", { name: "Save" }).click();
    await other.getByText("This item was changed meanwhile").waitFor();
    expect(await page.locator("pre").textContent()).toBe("mine");
    await other.getByRole("button", { name: "Look at it" }).click();
    await other.locator("pre").filter({ hasText: "mine" }).waitFor();
    await other.getByRole("button", { name: "Go on editing" }).click();
    expect(await other.getByLabel("Content", { exact: true }).inputValue()).toBe("theirs");
    await other.getByRole("button", { name: "Save mine over it" }).click();
    await page.locator("pre").filter({ hasText: "theirs" }).waitFor();
    await expect.poll(() => page.locator(".versions > li").count()).toBe(2);
  });
});

describe("space", () => {
  it("is metered, and asked to be kept", async () => {
    await begin();
    await write("notes/a", "x".repeat(10_000));
    const meter = page.getByRole("meter", { name: "Storage used" });
    await expect.poll(async () => Number(await meter.getAttribute("value"))).toBeGreaterThan(10_000);
    expect(Number(await meter.getAttribute("max"))).toBeGreaterThan(1_000_000);
    await page.getByText("1 item, 10 kB of content").waitFor();
    await button("Keep this data").click();
    // What the browser answers is its own affair.
    await page.getByText(/The browser does not promise it yet|Kept, also when the disk is full/).waitFor();
  });
});

describe("without a network", () => {
  it("starts, searches and saves", async () => {
    await begin();
    await write("notes/a", "online");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await user.context.setOffline(true);
    await page.reload();
    await heading("a").waitFor();
    await write("notes/b", "offline");
    await page.reload();
    await heading("b").waitFor();
    expect(await page.locator("pre").textContent()).toBe("offline");
    await expect.poll(sortedKeys).toEqual(["notes/a", "notes/b"]);
    await page.getByRole("searchbox").fill("notes b");
    await expect.poll(keys).toEqual(["notes/b"]);
  });

  it("says why the sample data cannot be had", async () => {
    await begin();
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await page.reload();
    await user.context.setOffline(true);
    await button("Load sample data").click();
    await page.getByRole("alert").filter({ hasText: "Go online once" }).waitFor();
    // The browser's own line about the request that failed.
    await expect.poll(() => user.complaints).toEqual([expect.stringContaining("net::ERR_")]);
    user.complaints.length = 0;
  });
});

describe("without storage", () => {
  it("says so in place of the app", async () => {
    user = await app.newUser();
    await user.context.addInitScript(() => {
      Object.defineProperty(globalThis, "indexedDB", { value: undefined });
    });
    page = await user.context.newPage();
    await page.goto(app.address);
    await heading("The store cannot be opened").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("UNSUPPORTED");
  });
});
