import type { EmbeddedSupabase } from "@holdfast/supabase";
import type { TestProject } from "vitest/node";
import { startServer } from "../support/server.ts";

declare module "vitest" {
  interface ProvidedContext {
    project: { url: string; key: string; token: string };
    /** Whether all of the suite is asked for. */
    whole: boolean;
  }
}

let server: EmbeddedSupabase | undefined;

/** A project with a user, for tests in a window, which cannot start one. */
export async function setup({ provide }: TestProject): Promise<void> {
  server = await startServer();
  const { client } = await server.signUp();
  const token = (await client.auth.getSession()).data.session?.access_token ?? "";
  provide("whole", process.env["HOLDFAST_CONFORMANCE"] === "whole");
  provide("project", { url: server.url, key: server.publishableKey, token });
}

export async function teardown(): Promise<void> {
  await server?.stop();
}
