import type { Keys } from "./serve-supabase.ts";

export type Database = "pglite" | "postgres";

/** What the process of the server is told. */
export type Request =
  | { readonly type: "start"; readonly schema: readonly string[]; readonly database: Database; readonly keys: Keys }
  | { readonly type: "sql"; readonly id: number; readonly text: string; readonly as?: string | null }
  | { readonly type: "reload"; readonly id: number }
  | { readonly type: "stop" };

/** What it answers. */
export type Answer =
  | { readonly type: "started"; readonly url: string; readonly postgres: string | undefined }
  | { readonly type: "rows"; readonly id: number; readonly rows: unknown[] }
  | { readonly type: "failed"; readonly id: number | undefined; readonly message: string };
