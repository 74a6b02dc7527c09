import type { Database } from "./messages.ts";

/** What `HOLDFAST_DATABASE` asks for to be under the server; PGlite without it. */
export function chosenDatabase(): Database {
  const chosen = process.env["HOLDFAST_DATABASE"] ?? "pglite";
  if (chosen !== "pglite" && chosen !== "postgres") throw new Error("HOLDFAST_DATABASE is pglite or postgres");
  return chosen;
}
