import type { Address, EmbeddedSupabase } from "@holdfast/supabase";
import type { TestProject } from "vitest/node";
import { startServer } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    server: Address;
  }
}

let server: EmbeddedSupabase | undefined;

/** One server for all files that change nothing but what belongs to users of their own. */
export async function setup({ provide }: TestProject): Promise<void> {
  server = await startServer();
  provide("server", server.address);
}

export async function teardown(): Promise<void> {
  await server?.stop();
}
