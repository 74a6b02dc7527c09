import { launchBrowser, serveFiles } from "@holdfast/browser";

/** What `tryStorage` of the page `/index.html` answers, with folders and texts served as `serveFiles` does. */
export async function tryInBrowser(
  folders: Readonly<Record<string, string>>,
  texts: Readonly<Record<string, string>>,
): Promise<unknown> {
  await using server = await serveFiles(folders, texts);
  const browser = await launchBrowser();
  try {
    const tab = await browser.newPage();
    const complaints: string[] = [];
    tab.on("pageerror", (error) => complaints.push(String(error)));
    tab.on("console", (message) => complaints.push(message.text()));
    await tab.goto(`${server.origin}/index.html`);
    await tab
      .waitForFunction(() => "tryStorage" in globalThis)
      .catch((cause: unknown) => {
        throw new Error(`the page did not load: ${complaints.join("; ")}`, { cause });
      });
    return await tab.evaluate(() => (globalThis as unknown as { tryStorage(): Promise<unknown> }).tryStorage());
  } finally {
    await browser.close();
  }
}
