import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Answer, Database, Request } from "./messages.ts";
import type { Keys } from "./serve-supabase.ts";

export interface SupabaseOptions {
  /** SQL that is run before the server starts, in order. */
  readonly schema: readonly string[];
  /** `pglite`: PostgreSQL as WebAssembly, nothing on the system; `postgres`: a PostgreSQL server of its own, from npm. */
  readonly database: Database;
}

/** A user that has just signed up. */
export interface SignedUp {
  /** Signed in; the session is kept in memory. */
  readonly client: SupabaseClient;
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

/** A Supabase server on 127.0.0.1, in a process of its own. */
export interface EmbeddedSupabase extends Keys {
  readonly url: string;
  /** Address of the database, for connections of one's own; undefined with PGlite. */
  readonly postgres: string | undefined;
  /** Runs SQL as the database's superuser; rows come as JSON. */
  sql(text: string): Promise<unknown[]>;
  /** Runs SQL as PostgREST would for a user, or for a visitor (null), and takes back what it did. */
  sqlAs(user: string | null, text: string): Promise<unknown[]>;
  /** Lets the server know that SQL has changed tables or functions; hosted ones notice by themselves. */
  reload(): Promise<void>;
  signUp(): Promise<SignedUp>;
  /** A client without a user. */
  client(key?: string): SupabaseClient;
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL("server-process.ts", import.meta.url));
const KEYS: Keys = { publishableKey: "sb_publishable_holdfast_tests", secretKey: "sb_secret_holdfast_tests" };

/** Starts one. It takes up to some seconds, so the tests of a file share it. */
export async function startSupabase({ schema, database }: SupabaseOptions): Promise<EmbeddedSupabase> {
  // What it writes are the statements that tests have it refuse; of use only when it does not start.
  const child = fork(script, [], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let log = "";
  child.stderr?.on("data", (text) => {
    log = (log + String(text)).slice(-4_000);
  });
  const gone = once(child, "exit");
  const waiting = new Map<number | undefined, PromiseWithResolvers<unknown>>();
  const ask = <T>(request: Request, id?: number): Promise<T> => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    child.send(request);
    return answer.promise as Promise<T>;
  };
  child.on("message", (message) => {
    const answer = message as Answer;
    const id = answer.type === "started" ? undefined : answer.id;
    const waits = waiting.get(id);
    waiting.delete(id);
    if (answer.type === "failed") waits?.reject(new Error(answer.message));
    else waits?.resolve(answer.type === "rows" ? answer.rows : answer);
  });
  child.once("exit", () => {
    for (const waits of waiting.values()) waits.reject(new Error(`the embedded server has ended: ${log}`));
  });

  const started = await ask<Answer & { type: "started" }>({ type: "start", schema, database, keys: KEYS });
  const { url } = started;
  const newClient = (key: string = KEYS.publishableKey) =>
    createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } });
  let queries = 0;
  return {
    ...KEYS,
    url,
    postgres: started.postgres,
    sql(text) {
      const id = ++queries;
      return ask({ type: "sql", id, text }, id);
    },
    sqlAs(as, text) {
      const id = ++queries;
      return ask({ type: "sql", id, text, as }, id);
    },
    async reload() {
      const id = ++queries;
      await ask({ type: "reload", id }, id);
    },
    client: newClient,
    async signUp() {
      const client = newClient();
      const email = `${crypto.randomUUID()}@example.com`;
      const password = crypto.randomUUID();
      const { data, error } = await client.auth.signUp({ email, password });
      if (error !== null) throw error;
      if (data.user === null || data.session === null) throw new Error("the embedded server made no session");
      return { client, id: data.user.id, email, password };
    },
    async stop() {
      if (child.connected) child.send({ type: "stop" } satisfies Request);
      await gone;
    },
  };
}
