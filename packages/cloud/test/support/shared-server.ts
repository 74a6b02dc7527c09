import { connectSupabase, type EmbeddedSupabase } from "@holdfast/supabase";
import { inject } from "vitest";
import type {} from "./serve.ts";

/** The server that files share: what they do to it, they do as users of their own. */
export function sharedServer(): EmbeddedSupabase {
  return connectSupabase(inject("server"));
}
