import type { Project } from "./account.ts";

const KEPT = "holdfast-playground-project";

/** What was typed, as a project. Throws what is wrong with it. */
export function parseProject(address: string, key: string): Project {
  const { origin } = parseAddress(address.trim());
  if (isSecret(key.trim())) {
    throw new Error("This is the secret key, which must never be in a browser: take the publishable one.");
  }
  return { url: origin, key: key.trim() };
}

function parseAddress(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === "https:" || url.protocol === "http:") return url;
  }
  throw new Error("The address of a project is like https://my-project.supabase.co");
}

/** The project in which the page was last used; undefined when it was used without one. */
export function keptProject(): Project | undefined {
  try {
    const { url, key } = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Project>;
    return url === undefined || key === undefined ? undefined : parseProject(url, key);
  } catch {
    // What cannot be read is typed again.
    return undefined;
  }
}

/** Undefined: forgets it. Neither part of it is a secret; supabase-js keeps the session by itself. */
export function keepProject(project: Project | undefined): void {
  try {
    if (project === undefined) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify(project));
  } catch {
    // Where the browser keeps nothing, it lasts as long as the page.
  }
}

/**
 * The name under which supabase-js keeps the session of a project in `localStorage`. By the whole host, unlike the name that it
 * chooses by itself: `supabase.a.org` is not `supabase.b.org`. By the key too: what runs on with a mistyped one must not renew, and
 * then end, the session that the right one began.
 */
export function sessionName({ url, key }: Project): string {
  return `sb-${new URL(url).host}-${key}-auth-token`;
}

export function isSameSession(one: Project, other: Project): boolean {
  return sessionName(one) === sessionName(other);
}

/** Of the new kind by its name, of the old kind by its role. */
function isSecret(key: string): boolean {
  if (key.startsWith("sb_secret_")) return true;
  const claims = key.split(".")[1];
  if (claims === undefined) return false;
  try {
    return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).role === "service_role";
  } catch {
    return false;
  }
}
