import { cloud, patientFetch } from "@holdfast/cloud";
import { signal } from "@preact/signals";
import { type AuthError, createClient, type SupabaseClient, type User } from "@supabase/supabase-js";
import { createStorage } from "holdfast";
import type { Account, Credentials, Project, Standing } from "./account.ts";
import { endSession } from "./end-session.ts";
import { sessionName } from "./project.ts";
import { SETTINGS, type Session } from "./session.ts";

/** By the name of their session: two that keep the same one would take it out of each other's hands. */
const clients = new Map<string, SupabaseClient>();

/** While somebody signs in: whether they still want to. */
let signingIn: AbortSignal | undefined;

/** Somebody who signs in. */
export interface Attempt {
  readonly credentials: Credentials;
  /** Whether they still want to. */
  readonly wanted: AbortSignal;
  /** Called when there is a session, which lasts when the page does not. */
  readonly signedIn: () => void;
}

/**
 * Signs in and opens the store. Throws what to do where one of the two cannot be, or the reason of the signal. Never called before
 * an earlier call has ended.
 */
export async function signIn(project: Project, attempt: Attempt): Promise<Session> {
  const { credentials, wanted } = attempt;
  const { auth } = clientOf(project);
  const { data, error } = await whileWanted(wanted, () => auth.signInWithPassword(credentials));
  if (error !== null) throw inWords(error, project);
  return openFirst(project, data.user, attempt);
}

/** The same for somebody who is new to the project. */
export async function signUp(project: Project, attempt: Attempt): Promise<Session> {
  const { credentials, wanted } = attempt;
  const { auth } = clientOf(project);
  const { data, error } = await whileWanted(wanted, () => auth.signUp(credentials));
  if (error !== null) throw inWords(error, project);
  if (data.user === null || data.session === null) {
    throw new Error("The project has sent you a message: follow the link in it, then sign in here.");
  }
  return openFirst(project, data.user, attempt);
}

/** Opens the store of who was signed in when the page was last used; undefined when that session is over. */
export async function resume(project: Project): Promise<Session | undefined> {
  const { data, error } = await clientOf(project).auth.getSession();
  if (data.session !== null) return open(project, data.session.user);
  if (error !== null && isUnreachable(error)) throw inWords(error, project);
  return undefined;
}

/** For whoever was signed in when the page was last used, and leaves the project without opening the store. */
export function signOut(project: Project): Promise<void> {
  return endSession(clientOf(project), sessionName(project));
}

/** supabase-js takes no signal for signing in: the request is given up below it. */
async function whileWanted<T>(wanted: AbortSignal, ask: () => Promise<T>): Promise<T> {
  wanted.throwIfAborted();
  signingIn = wanted;
  try {
    return await ask();
  } finally {
    signingIn = undefined;
  }
}

/** Who cannot be shown a store is not signed in either. */
async function openFirst(project: Project, user: User, { wanted, signedIn }: Attempt): Promise<Session> {
  signedIn();
  try {
    wanted.throwIfAborted();
    return await open(project, user);
  } catch (error) {
    await signOut(project);
    throw error;
  }
}

async function open(project: Project, user: User): Promise<Session> {
  const client = clientOf(project);
  const standing = signal<Standing>("lasting");
  const { data } = client.auth.onAuthStateChange((event, session) => {
    if (event === "SIGNED_OUT") standing.value = "ended";
    else if (session !== null) standing.value = session.user.id === user.id ? "lasting" : "replaced";
  });
  const leave = async () => {
    if (standing.value !== "replaced") await signOut(project);
    data.subscription.unsubscribe();
  };
  try {
    const storage = await createStorage({ adapter: cloud({ client, store: "playground" }) }, SETTINGS);
    return { storage, account: { email: user.email ?? user.id, project, standing, signOut: leave } satisfies Account };
  } catch (error) {
    data.subscription.unsubscribe();
    throw error;
  }
}

function clientOf(project: Project): SupabaseClient {
  const { url, key } = project;
  const name = sessionName(project);
  const known = clients.get(name);
  if (known !== undefined) return known;
  const client = createClient(url, key, {
    // What stands behind the # of this page's address is an item.
    auth: { detectSessionInUrl: false, storageKey: name },
    global: { fetch: fetchWanted },
  });
  clients.set(name, client);
  return client;
}

const patient = patientFetch();

const fetchWanted: typeof fetch = (input, init) => {
  const signal = String(input).includes("/auth/v1/") ? signingIn : undefined;
  return patient(input, signal === undefined ? init : { ...init, signal });
};

function isUnreachable({ name }: AuthError): boolean {
  return name === "AuthRetryableFetchError";
}

function inWords(error: AuthError, { url }: Project): Error {
  if (isUnreachable(error)) return new Error(`${new URL(url).host} cannot be reached: is the address right?`);
  return new Error(`${new URL(url).host} says: ${error.message}`);
}
