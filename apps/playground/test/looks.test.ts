import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningApp, startApp } from "./support/app.ts";
import { lookAt, SCREENS } from "./support/look.ts";

let app: RunningApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe.each(SCREENS)("on a $screen", ({ screen, viewport }) => {
  it("every state fits the screen in light and in dark colours, and axe finds nothing wrong", async () => {
    const { context, complaints, openTab } = await app.newUser({ viewport, reducedMotion: "reduce" });
    const page = await openTab();
    const look = (state: string) => lookAt(page, screen, state);
    const button = (name: string) => page.getByRole("button", { name, exact: true });

    await page.getByText("Nothing here yet").waitFor();
    await look("1-empty");
    await button("Load sample data").click();
    await page.locator(".list-head").filter({ hasText: "750 items" }).waitFor();
    await page
      .getByRole("link", { name: /countries\// })
      .first()
      .waitFor();
    await look("2-list");
    await button("Data").click();
    await look("3-menu");
    await page.keyboard.press("Escape");
    if (screen === "phone") {
      await page.getByText("Filters and storage").click();
      await look("4-filters");
      await page.getByText("Filters and storage").click();
    }
    await page.getByRole("searchbox").fill("guinea");
    await page.getByRole("link", { name: /countries\/gin/ }).click();
    await page.getByRole("heading", { name: "Guinea" }).waitFor();
    await look("5-item");
    await button("Edit").click();
    await page.getByLabel("Content", { exact: true }).fill("{");
    await button("Save").click();
    await page.locator("#content-fault").waitFor();
    await look("6-fault");
    await page.getByLabel("Content", { exact: true }).fill('{ "name": "Guinea", "area": 245857 }');
    await button("Save").click();
    await page.getByRole("button", { name: /^Compare/ }).click();
    await page.locator(".versions").scrollIntoViewIfNeeded();
    await look("7-history");
    await page.goto(`${app.address}#item/flags%2Fgin.svg`);
    await page.getByRole("img", { name: "Guinea" }).waitFor();
    await look("8-picture");
    await page.goto(`${app.address}#new`);
    await page.getByLabel("Key", { exact: true }).waitFor();
    await look("9-new");
    await page.getByLabel("Key", { exact: true }).fill("notes/not saved yet");
    await page.goto(`${app.address}#`);
    await page.getByRole("searchbox").fill("nowhere to be found");
    await page.getByRole("heading", { name: "Nothing found" }).waitFor();
    await page.getByRole("navigation", { name: "Not saved" }).waitFor();
    await look("10-nothing-found");
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe("colours", () => {
  it("follow the system until they are chosen, also after a reload", async () => {
    const { context, openTab } = await app.newUser({ colorScheme: "dark" });
    const page = await openTab();
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    await page.getByRole("button", { name: "Colours: system" }).click();
    await page.getByRole("button", { name: "Colours: light" }).waitFor();
    const light = await background();
    expect(light).not.toBe(dark);
    await page.reload();
    await page.getByRole("button", { name: "Colours: light" }).waitFor();
    expect(await background()).toBe(light);
    await context.close();
  });
});

describe("keys alone", () => {
  it("lead through the list into an item and back", async () => {
    const { context, openTab } = await app.newUser();
    const page = await openTab();
    await page.getByRole("button", { name: "Load sample data", exact: true }).click();
    await page.locator(".list-head").filter({ hasText: "750 items" }).waitFor();
    await page
      .getByRole("link", { name: /countries\// })
      .first()
      .waitFor();
    await page.reload();
    await page
      .getByRole("link", { name: /countries\// })
      .first()
      .waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Items");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    const key = await page.evaluate(() => document.activeElement?.querySelector(".item-key")?.textContent);
    expect(key).toBe(await page.locator("a.item .item-key").nth(1).textContent());
    await page.keyboard.press("Enter");
    await page.locator(".item-view").waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("item-title");
    await page.goBack();
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.querySelector(".item-key")?.textContent))
      .toBe(key);
    await context.close();
  });
});
