import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Address, Database, Question, Request, Rows, Started } from "./messages.ts";
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
  /** For `connectSupabase`, in this process or another one. */
  readonly address: Address;
  /** Runs SQL as the database's superuser; rows come as JSON. */
  sql(text: string): Promise<unknown[]>;
  /** Runs SQL as PostgREST would for a user, or for a visitor (null), and takes back what it did. */
  sqlAs(user: string | null, text: string): Promise<unknown[]>;
  /** Lets the server know that SQL has changed tables or functions; hosted ones notice by themselves. */
  reload(): Promise<void>;
  signUp(): Promise<SignedUp>;
  /** A client without a user. */
  client(key?: string): SupabaseClient;
  /** Of who started it. For others it goes on. */
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL("server-process.ts", import.meta.url));
const KEYS: Keys = { publishableKey: "sb_publishable_holdfast_tests", secretKey: "sb_secret_holdfast_tests" };

/** Starts one. It takes up to some seconds, so tests share it. */
export async function startSupabase({ schema, database }: SupabaseOptions): Promise<EmbeddedSupabase> {
  // What it writes are the statements that tests have it refuse; of use only when it does not start.
  const child = fork(script, [], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let log = "";
  child.stderr?.on("data", (text) => {
    log = (log + String(text)).slice(-4_000);
  });
  const gone = once(child, "exit");
  const said = new Promise<Started>((resolve) => {
    child.once("message", (message) => resolve(message as Started));
    void gone.then(() => resolve({ type: "failed", message: `the embedded server has ended: ${log}` }));
  });
  child.send({ type: "start", schema, database, keys: KEYS } satisfies Request);
  const stop = async () => {
    if (child.connected) child.send({ type: "stop" } satisfies Request);
    await gone;
  };
  const started = await said;
  if (started.type === "started") return { ...connectSupabase(started), stop };
  await stop();
  throw new Error(started.message);
}

/** A server that another process has started, and stops. */
export function connectSupabase(address: Address): EmbeddedSupabase {
  const { url, control, postgres, publishableKey, secretKey } = address;
  const ask = async (question: Question): Promise<unknown[]> => {
    const response = await fetch(control, { method: "POST", body: JSON.stringify(question) });
    const answer = (await response.json()) as Rows;
    if ("failed" in answer) throw new Error(answer.failed);
    return answer.rows;
  };
  const newClient = (key: string = publishableKey) =>
    createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } });
  return {
    url,
    publishableKey,
    secretKey,
    postgres,
    address,
    sql: (text) => ask({ type: "sql", text }),
    sqlAs: (as, text) => ask({ type: "sql", text, as }),
    async reload() {
      await ask({ type: "reload" });
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
    stop: async () => undefined,
  };
}
