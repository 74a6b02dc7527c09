import { MIGRATIONS } from "@holdfast/cloud";
import {
  chosenDatabase,
  type EmbeddedSupabase,
  type RealtimeStandIn,
  readSqlFiles,
  startRealtimeStandIn,
  startSupabase,
} from "@holdfast/supabase";
import type { Page } from "./app.ts";

/** A Supabase project with Holdfast's tables, and a stand-in for its Realtime. */
export interface RunningProject {
  readonly server: EmbeddedSupabase;
  /** In front of the server, and what pages use. */
  readonly front: RealtimeStandIn;
  stop(): Promise<void>;
}

export async function startProject(): Promise<RunningProject> {
  const [first = ""] = MIGRATIONS;
  const folder = new URL(".", import.meta.resolve(`@holdfast/cloud/supabase/migrations/${first}.sql`));
  const schema = ["create publication supabase_realtime", ...readSqlFiles(folder)];
  const server = await startSupabase({ schema, database: chosenDatabase() });
  const front = await startRealtimeStandIn(server);
  return {
    server,
    front,
    async stop() {
      await front.stop();
      await server.stop();
    },
  };
}

interface Login {
  readonly url: string;
  readonly key: string;
  readonly email: string;
  readonly password: string;
}

/** Asks for the dialog, fills it in and presses a button of it. */
export async function signIn(page: Page, login: Login, how: "Sign in" | "Create account"): Promise<void> {
  await page.getByRole("button", { name: "Data", exact: true }).click();
  await page
    .locator(".menu")
    .getByRole("button", { name: /^Store in the cloud/ })
    .click();
  await fillIn(page, login, how);
}

/** Enter is pressed where the password is. */
export async function fillIn(page: Page, login: Login, how: "Sign in" | "Create account" | "Enter"): Promise<void> {
  await page.getByLabel("Project URL", { exact: true }).fill(login.url);
  await page.getByLabel("Publishable key", { exact: true }).fill(login.key);
  await page.getByLabel("Email", { exact: true }).fill(login.email);
  await page.getByLabel("Password", { exact: true }).fill(login.password);
  if (how === "Enter") await page.getByLabel("Password", { exact: true }).press("Enter");
  else await page.getByRole("dialog").getByRole("button", { name: how, exact: true }).click();
}
