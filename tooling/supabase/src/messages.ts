import type { Keys } from "./serve-supabase.ts";

export type Database = "pglite" | "postgres";

/** What a server that runs can be asked to do. */
export type Question =
  | { readonly type: "sql"; readonly text: string; readonly as?: string | null }
  | { readonly type: "reload" };

/** What the process of the server is told. */
export type Request =
  | { readonly type: "start"; readonly schema: readonly string[]; readonly database: Database; readonly keys: Keys }
  | { readonly type: "stop" };

/** Where a server that runs is. Can be sent to other processes. */
export interface Address extends Keys {
  readonly url: string;
  /** Answers questions with rows, for whoever knows this. */
  readonly control: string;
  readonly postgres: string | undefined;
}

/** What the process of the server says when it has started, or has not. */
export type Started = ({ readonly type: "started" } & Address) | { readonly type: "failed"; readonly message: string };

export type Rows = { readonly rows: unknown[] } | { readonly failed: string };
