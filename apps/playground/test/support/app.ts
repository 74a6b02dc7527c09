import { join } from "node:path";
import { launchBrowser } from "@holdfast/browser/launch";
import { type Connect, preview } from "vite";

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type ContextOptions = NonNullable<Parameters<Browser["newContext"]>[0]>;
type Context = Awaited<ReturnType<Browser["newContext"]>>;
export type Page = Awaited<ReturnType<Context["newPage"]>>;

/** Milliseconds. Nothing that a page comes to show is late: only what never comes fails. */
const PATIENCE = 120_000;

/** The built app on a server of its own, and a browser to use it in. */
export interface RunningApp {
  readonly address: string;
  /** A profile of its own, with an empty store. What its pages complain about goes to `complaints`. */
  newUser(options?: ContextOptions): Promise<User>;
  stop(): Promise<void>;
}

export interface User {
  readonly context: Context;
  /** Errors and warnings of the console, and what was thrown and not caught. */
  readonly complaints: string[];
  /** Opens the app in a tab, and resolves when it shows the store. */
  openTab(place?: string): Promise<Page>;
}

/** `host` may answer requests in its own way. */
export async function startApp(host?: Connect.NextHandleFunction): Promise<RunningApp> {
  const server = await preview({
    root: join(import.meta.dirname, "../.."),
    logLevel: "error",
    plugins: [{ name: "host", configurePreviewServer: ({ middlewares }) => void (host && middlewares.use(host)) }],
    preview: { host: "127.0.0.1", port: 0 },
  });
  const about = server.httpServer.address();
  if (typeof about !== "object" || about === null) throw new Error("the server has no port");
  const address = `http://127.0.0.1:${about.port}/`;
  const browser = await launchBrowser();
  return {
    address,
    async newUser(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      context.setDefaultTimeout(PATIENCE);
      const complaints: string[] = [];
      context.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(message.text());
      });
      context.on("weberror", (error) => complaints.push(String(error.error())));
      const openTab = async (place = "") => {
        const page = await context.newPage();
        await page.goto(address + place);
        await page.getByRole("searchbox").waitFor();
        return page;
      };
      return { context, complaints, openTab };
    },
    async stop() {
      await browser.close();
      await server.close();
    },
  };
}
