import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Page, type RunningApp, startApp, type User } from "./support/app.ts";
import { lookAt, SCREENS } from "./support/look.ts";
import { fillIn, type RunningProject, signIn, startProject } from "./support/project.ts";

let app: RunningApp;
let project: RunningProject;

beforeAll(async () => {
  [app, project] = await Promise.all([startApp(), startProject()]);
  // A database begins with all that it is asked to be: on a machine that is busy, that takes a minute.
}, 240_000);
afterAll(async () => {
  await Promise.all([app?.stop(), project?.stop()]);
});

const [PHONE, DESKTOP] = SCREENS;

function someone() {
  const { front, server } = project;
  return {
    url: front.url,
    key: server.publishableKey,
    email: `ann-${crypto.randomUUID().slice(0, 8)}@example.com`,
    password: "correct horse",
  };
}

function device({ viewport }: (typeof SCREENS)[number]): Promise<User> {
  return app.newUser({ viewport, reducedMotion: "reduce" });
}

async function write(page: Page, key: string, content: string): Promise<void> {
  await page.getByRole("button", { name: "New item", exact: true }).click();
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByLabel("Content", { exact: true }).fill(content);
  await page.getByRole("button", { name: "Save", exact: true }).click();
}

/** By a key: on a phone the notice of what was just saved lies over the button. */
const edit = (page: Page) => page.getByRole("button", { name: "Edit", exact: true }).press("Enter");
const keysOf = (page: Page) => page.locator("a.item .item-key").allTextContents();
const isSignedIn = (page: Page, email: string) => page.locator(".account").filter({ hasText: email }).waitFor();
/** The name of what has it. */
const focus = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
const textOf = (page: Page, text: string) => page.locator("pre").filter({ hasText: text }).waitFor();
const kept = (page: Page) => page.evaluate(() => Object.keys(localStorage));
/** All but the browser's own lines about requests that were refused, or could not be made. */
const complaintsOf = ({ complaints }: User) => complaints.filter((line) => !line.startsWith("Failed to load resource"));

async function fromMenu(page: Page, name: RegExp): Promise<void> {
  await page.getByRole("button", { name: "Data", exact: true }).click();
  await page.locator(".menu").getByRole("button", { name }).click();
}

/** Requests to these addresses wait until they are let go, which is what is returned. */
async function hold(page: Page, addresses: string): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route(addresses, async (route) => {
    await promise;
    // The page may have given it up meanwhile.
    await route.continue().catch(() => undefined);
  });
  return async () => {
    resolve();
    await page.unrouteAll({ behavior: "wait" });
  };
}

describe("a store in the cloud", () => {
  it("is opened by signing up, follows another device, and is left by signing out", async () => {
    const ann = someone();
    const desktop = await device(DESKTOP);
    const page = await desktop.openTab();
    await write(page, "notes/here", "of this browser");
    await textOf(page, "of this browser");
    await signIn(page, { ...ann, key: project.server.secretKey }, "Create account");
    await page.getByRole("dialog").getByText("secret key, which must never be in a browser").waitFor();
    await lookAt(page, "desktop", "11-sign-in");
    await page.getByLabel("Publishable key", { exact: true }).fill(ann.key);
    await page.getByRole("dialog").getByRole("button", { name: "Create account", exact: true }).click();
    await isSignedIn(page, ann.email);
    await page.getByText("Nothing here yet").waitFor();
    await expect.poll(() => focus(page)).toBe("Items");
    await write(page, "notes/there", "of the project");
    await textOf(page, "of the project");
    await lookAt(page, "desktop", "12-cloud");
    await page.reload();
    await isSignedIn(page, ann.email);
    await textOf(page, "of the project");

    const phone = await device(PHONE);
    const other = await phone.openTab();
    await other.getByText("Nothing here yet").waitFor();
    await signIn(other, ann, "Sign in");
    await isSignedIn(other, ann.email);
    await expect.poll(() => keysOf(other)).toEqual(["notes/there"]);
    await other.getByRole("link", { name: /notes\/there/ }).click();
    await textOf(other, "of the project");
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByLabel("Content", { exact: true }).fill("changed at the desk");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await textOf(other, "changed at the desk");
    await other.goto(`${app.address}#`);
    await lookAt(other, "phone", "12-cloud");

    await fromMenu(page, /^Sign out/);
    await page.locator(".account").waitFor({ state: "detached" });
    await expect.poll(() => focus(page)).toBe("Items");
    await expect.poll(() => keysOf(page)).toEqual(["notes/here"]);
    expect(await kept(page)).toEqual([]);
    await page.reload();
    await expect.poll(() => keysOf(page)).toEqual(["notes/here"]);
    expect([desktop.complaints, phone.complaints]).toEqual([[], []]);
    await Promise.all([desktop.context.close(), phone.context.close()]);
  });

  it("says that there is no network, and that the session has ended, and goes on behind both", async () => {
    const ann = someone();
    const phone = await device(PHONE);
    const page = await phone.openTab();
    await signIn(page, ann, "Create account");
    await isSignedIn(page, ann.email);
    await write(page, "notes/a", "before");
    await textOf(page, "before");
    await phone.context.setOffline(true);
    await page.getByText("No network. What you see was read before").waitFor();
    await edit(page);
    await page.getByLabel("Content", { exact: true }).fill("after");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    // By its own words: what the page was reading when the network went says the same of itself.
    await page
      .getByRole("alert")
      .filter({ hasText: /^save "notes\/a" failed.*\(UNAVAILABLE\)$/ })
      .waitFor();
    await lookAt(page, "phone", "13-offline");
    await phone.context.setOffline(false);
    await page.getByText("No network").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await textOf(page, "after");
    await phone.context.setOffline(true);
    await page.goto(`${app.address}#item/notes%2Fb`);
    await page.getByRole("heading", { name: "This item cannot be read" }).waitFor();
    await page.getByRole("button", { name: "Try again", exact: true }).waitFor();
    await phone.context.setOffline(false);
    await page.getByRole("heading", { name: "There is no such item" }).waitFor();

    // Whoever is elsewhere when it has been saved stays there.
    await page.goto(`${app.address}#item/notes%2Fa`);
    await textOf(page, "after");
    const release = await hold(page, "**/rpc/holdfast_write");
    await edit(page);
    await page.getByLabel("Content", { exact: true }).fill("slowly");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("button", { name: "Saving…", exact: true }).waitFor();
    expect(await page.getByLabel("Content", { exact: true }).isEditable()).toBe(false);
    await page.getByRole("button", { name: "New item", exact: true }).click();
    await page.getByLabel("Key", { exact: true }).fill("notes/b");
    await page.locator(".unsaved").filter({ hasText: "notes/a" }).waitFor({ state: "attached" });
    await release();
    await page.locator(".unsaved").filter({ hasText: "notes/a" }).waitFor({ state: "detached" });
    expect(await page.getByLabel("Key", { exact: true }).inputValue()).toBe("notes/b");
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByRole("link", { name: /notes\/a/ }).click();
    await textOf(page, "slowly");

    await forgetSession(page);
    await page.reload();
    await page.getByRole("alert").filter({ hasText: "your session has ended" }).waitFor();
    await page.getByText("Nothing here yet").waitFor();
    await signIn(page, ann, "Sign in");
    await isSignedIn(page, ann.email);
    await expect.poll(() => keysOf(page)).toEqual(["notes/a"]);
    await page.getByRole("link", { name: /notes\/a/ }).click();
    await edit(page);
    await page.getByLabel("Content", { exact: true }).fill("typed before it ended");
    // Signed out in another tab: as where it cannot be renewed.
    const other = await phone.openTab();
    await isSignedIn(other, ann.email);
    await fromMenu(other, /^Sign out/);
    await page.getByText("Your session has ended").waitFor();
    await lookAt(page, "phone", "14-ended");
    await page.getByRole("button", { name: "Sign in again", exact: true }).click();
    await fillIn(page, ann, "Enter");
    await page.getByText("Your session has ended").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await textOf(page, "typed before it ended");

    // Signing out leaves no session behind, also where there is no store in this browser to go back to.
    await page.evaluate(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
    await page.goto(`${app.address}#`);
    await fromMenu(page, /^Sign out/);
    await page.getByRole("alert").filter({ hasText: "Signing out" }).waitFor();
    await page.getByText("Your session has ended").waitFor();
    expect(await kept(page)).toEqual([]);
    expect(complaintsOf(phone)).toEqual([]);
    await phone.context.close();
  });
});

describe("a project that cannot be reached when the page is loaded", () => {
  it("is left for now, or for good with its session", async () => {
    const phone = await device(PHONE);
    const page = await phone.openTab();
    const ann = someone();
    const isAway = () => page.getByRole("heading", { name: "The store in the cloud cannot be opened" }).waitFor();
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    await signIn(page, ann, "Create account");
    await isSignedIn(page, ann.email);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await phone.context.setOffline(true);
    await page.reload();
    await isAway();
    await page.getByRole("alert").filter({ hasText: "UNAVAILABLE" }).waitFor();
    await lookAt(page, "phone", "15-away");
    await button("Open this browser's store").click();
    await page.getByText("Nothing here yet").waitFor();
    await expect.poll(() => focus(page)).toBe("Items");
    expect(await kept(page)).not.toEqual([]);
    await page.reload();
    await isAway();
    await button("Try again").click();
    await isAway();
    await expireToken(page);
    // Renewing the token is tried for half a minute; here it never ends.
    const release = await hold(page, "**/auth/v1/token*");
    const asked = page.waitForRequest("**/auth/v1/token*");
    await page.reload();
    await asked;
    await page.getByRole("heading", { name: "Opening the store…" }).waitFor();
    await button("Open this browser's store").waitFor();
    await lookAt(page, "phone", "17-opening");
    await button("Forget the project").click();
    await page.getByText("Nothing here yet").waitFor();
    await expect.poll(() => kept(page)).toEqual([]);
    await release();
    await page.getByText("Nothing here yet").waitFor();
    await page.reload();
    await page.getByText("Nothing here yet").waitFor();
    expect(await kept(page)).toEqual([]);
    expect(complaintsOf(phone)).toEqual([]);
    await phone.context.close();
  });
});

describe("two projects", () => {
  it("never leave a session that nobody sees, be one left for now or signed out behind the other", async () => {
    const desktop = await device(DESKTOP);
    const page = await desktop.openTab();
    const ann = someone();
    // The same server by another name is another project to the page.
    const elsewhere = { ...ann, url: ann.url.replace("127.0.0.1", "localhost") };
    const host = ({ url }: typeof ann) => new URL(url).host;
    const isSignedInTo = (where: Page, login: typeof ann) =>
      where
        .locator(".account")
        .filter({ hasText: host(login) })
        .waitFor();
    await signIn(page, { ...ann, key: `${ann.key}-mistyped` }, "Create account");
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await fillIn(page, ann, "Create account");
    await isSignedInTo(page, ann);
    await page.route(`${ann.url}/**`, (route) => route.abort());
    await page.goto(`${app.address}#item/notes%2Fa`);
    await page.reload();
    await page.getByRole("button", { name: "Open this browser's store", exact: true }).click();
    await page.getByText("Nothing here yet").waitFor();
    expect(page.url()).toBe(`${app.address}#`);
    await signIn(page, elsewhere, "Sign in");
    await isSignedInTo(page, elsewhere);
    const sessions = async () => (await kept(page)).filter((name) => name.startsWith("sb-"));
    await expect.poll(sessions).toEqual([expect.stringContaining(host(elsewhere))]);

    const other = await desktop.openTab();
    await isSignedInTo(other, elsewhere);
    await fromMenu(other, /^Sign out/);
    await other.getByText("Signed out").waitFor();
    await signIn(other, ann, "Sign in");
    await isSignedInTo(other, ann);
    await page.getByText("Your session has ended").waitFor();
    await fromMenu(page, /^Sign out/);
    await page.locator(".account").waitFor({ state: "detached" });
    await other.reload();
    await isSignedInTo(other, ann);
    expect(complaintsOf(desktop)).toEqual([]);
    await desktop.context.close();
  });
});

describe("a page that cannot load what the cloud takes", () => {
  it("forgets the project with its session all the same", async () => {
    const desktop = await app.newUser({ serviceWorkers: "block" });
    const page = await desktop.openTab();
    const ann = someone();
    await signIn(page, ann, "Create account");
    await isSignedIn(page, ann.email);
    await page.route("**/assets/open-in-cloud-*", (route) => route.abort());
    await page.reload();
    await page.getByRole("button", { name: "Forget the project", exact: true }).click();
    await page.getByText("Nothing here yet").waitFor();
    await expect.poll(() => kept(page)).toEqual([]);
    await desktop.context.close();
  });
});

describe("a session", () => {
  it("is gone within seconds when one signs out while a save hangs, and what came of the save is told", async () => {
    const desktop = await device(DESKTOP);
    await desktop.context.clock.install();
    const page = await desktop.openTab();
    const ann = someone();
    await signIn(page, ann, "Create account");
    await isSignedIn(page, ann.email);
    // From here on no time passes for the page but what is given to it.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 600_000));
    const release = await hold(page, "**/rpc/**");
    const asked = page.waitForRequest("**/rpc/holdfast_write");
    await write(page, "notes/a", "on its way");
    await asked;
    await fromMenu(page, /^Sign out/);
    await page.locator(".account").waitFor({ state: "detached" });
    await page.clock.runFor(3_000);
    await expect.poll(() => kept(page)).toEqual([]);
    await page.getByText("Signed out").waitFor();
    const timedOut = page.getByRole("alert").filter({ hasText: "TIMEOUT" });
    expect(await timedOut.count()).toBe(0);
    await page.clock.runFor(10_000);
    await timedOut.waitFor();
    await release();
    expect(desktop.complaints).toEqual([]);
    await desktop.context.close();
  });

  it("is gone when one signs out without a network", async () => {
    const desktop = await device(DESKTOP);
    const page = await desktop.openTab();
    const ann = someone();
    await signIn(page, ann, "Create account");
    await isSignedIn(page, ann.email);
    await desktop.context.setOffline(true);
    await fromMenu(page, /^Sign out/);
    await page.getByText("Signed out").waitFor();
    expect(await kept(page)).toEqual([]);
    expect(complaintsOf(desktop)).toEqual([]);
    await desktop.context.close();
  });

  it("does not begin when signing in was cancelled meanwhile, also where one signs in again at once", async () => {
    const desktop = await device(DESKTOP);
    const page = await desktop.openTab();
    const [ann, bob] = [someone(), someone()];
    for (const one of [ann, bob]) {
      await signIn(page, one, "Create account");
      await isSignedIn(page, one.email);
      await fromMenu(page, /^Sign out/);
      await page.locator(".account").waitFor({ state: "detached" });
    }
    const cancel = () => page.getByRole("dialog").getByRole("button", { name: "Cancel", exact: true }).click();
    // Waiting for the answer, and for the store.
    for (const addresses of ["**/auth/v1/token*", "**/rpc/holdfast_open"]) {
      const release = await hold(page, addresses);
      const asked = page.waitForRequest(addresses);
      await signIn(page, ann, "Sign in");
      await asked;
      await cancel();
      await release();
      await signIn(page, bob, "Sign in");
      await isSignedIn(page, bob.email);
      expect(await page.locator(".account").count()).toBe(1);
      await fromMenu(page, /^Sign out/);
      await page.getByText("Signed out").first().waitFor();
      await page.locator(".account").waitFor({ state: "detached" });
      expect(await kept(page)).toEqual([]);
    }
    // And where nobody signs in again.
    const release = await hold(page, "**/auth/v1/token*");
    const asked = page.waitForRequest("**/auth/v1/token*");
    await signIn(page, ann, "Sign in");
    await asked;
    await page.keyboard.press("Escape");
    await release();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2_000)));
    expect(await page.locator(".account").count()).toBe(0);
    expect(await kept(page)).toEqual([]);
    expect(complaintsOf(desktop)).toEqual([]);
    await desktop.context.close();
  });

  it("gives way to another user's in another tab, which signing out leaves alone, and comes back with its own user", async () => {
    const desktop = await device(DESKTOP);
    const other = await desktop.openTab();
    const page = await desktop.openTab();
    const [ann, bob] = [someone(), someone()];
    await signIn(page, ann, "Create account");
    await isSignedIn(page, ann.email);
    await signIn(other, bob, "Create account");
    await isSignedIn(other, bob.email);
    await page.getByText("Somebody else has signed in in another tab").waitFor();
    await lookAt(page, "desktop", "16-replaced");
    await fromMenu(page, /^Sign out/);
    await page.locator(".account").waitFor({ state: "detached" });
    await page.getByText("Signed out").waitFor();
    expect(await other.getByText("Your session has ended").count()).toBe(0);
    await other.reload();
    await isSignedIn(other, bob.email);

    await signIn(page, ann, "Sign in");
    await isSignedIn(page, ann.email);
    await other.getByText("Somebody else has signed in in another tab").waitFor();
    await fromMenu(page, /^Sign out/);
    await other.getByText("Your session has ended").waitFor();
    await page.locator(".account").waitFor({ state: "detached" });
    await signIn(page, bob, "Sign in");
    await isSignedIn(page, bob.email);
    await other.getByText("Your session has ended").waitFor({ state: "detached" });
    await write(other, "notes/a", "as before");
    await textOf(other, "as before");
    expect(complaintsOf(desktop)).toEqual([]);
    await desktop.context.close();
  });

  it("is one that can be signed out, also where the page was loaded again before the store was open", async () => {
    const desktop = await device(DESKTOP);
    const page = await desktop.openTab();
    const ann = someone();
    const release = await hold(page, "**/rpc/holdfast_open");
    const asked = page.waitForRequest("**/rpc/holdfast_open");
    await signIn(page, ann, "Create account");
    await asked;
    await page.reload({ waitUntil: "commit" });
    await release();
    await isSignedIn(page, ann.email);
    await fromMenu(page, /^Sign out/);
    await page.locator(".account").waitFor({ state: "detached" });
    await expect.poll(() => kept(page)).toEqual([]);
    await desktop.context.close();
  });

  it("is gone when its store opens and cannot be followed", async () => {
    const desktop = await device(DESKTOP);
    const page = await desktop.openTab();
    await page.route("**/rpc/holdfast_feed_end", (route) => route.abort());
    await signIn(page, someone(), "Create account");
    await page.getByRole("dialog").getByRole("alert").filter({ hasText: "UNAVAILABLE" }).waitFor();
    expect(await kept(page)).toEqual([]);
    expect(await page.locator(".account").count()).toBe(0);
    expect(complaintsOf(desktop)).toEqual([]);
    await desktop.context.close();
  });
});

/** As of a page that was away for hours. */
async function expireToken(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const name of Object.keys(localStorage).filter((one) => one.startsWith("sb-"))) {
      const session = JSON.parse(localStorage.getItem(name) ?? "{}") as object;
      localStorage.setItem(name, JSON.stringify({ ...session, expires_at: 1 }));
    }
  });
}

/** What supabase-js has kept is gone, and nobody was told. */
async function forgetSession(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const name of Object.keys(localStorage)) if (name.startsWith("sb-")) localStorage.removeItem(name);
  });
}
