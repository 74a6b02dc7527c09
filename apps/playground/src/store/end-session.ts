import type { SupabaseClient } from "@supabase/supabase-js";
import { forAMoment } from "./for-a-moment.ts";

/**
 * Signs out in this browser, and tells the project. supabase-js renews a token that is over before it lets go of it, and tries that
 * for half a minute where the project does not answer: what is kept under `name` goes all the same.
 */
export async function endSession({ auth }: SupabaseClient, name: string): Promise<void> {
  const kept = read(name);
  await forAMoment(auth.signOut({ scope: "local" }).catch(console.warn));
  // What is another one by now was kept by somebody who has signed in since.
  if (kept !== null && read(name) === kept) dropSession(name);
}

/** Without telling anybody. */
export function dropSession(name: string): void {
  localStorage.removeItem(name);
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    // Where the browser keeps nothing, the session lasts as long as the page.
    return null;
  }
}
