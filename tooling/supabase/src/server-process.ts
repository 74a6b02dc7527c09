// The process of an embedded server. It ends with the one that started it.
import type { Answer, Request } from "./messages.ts";
import { type Served, serveSupabase } from "./serve-supabase.ts";
import { type RunningPostgres, startPostgres } from "./start-postgres.ts";

process.env["DO_NOT_TRACK"] = "1";
let served: Served | undefined;
let postgres: RunningPostgres | undefined;

process.on("message", (message) => {
  // Only who started this process writes to it.
  void answer(message as Request);
});
process.on("disconnect", () => void stop());

async function answer(request: Request): Promise<void> {
  const id = "id" in request ? request.id : undefined;
  try {
    switch (request.type) {
      case "start":
        if (request.database === "postgres") postgres = await startPostgres();
        served = await serveSupabase(request.schema, request.keys, postgres?.url);
        return tell({ type: "started", url: served.url, postgres: postgres?.url });
      case "sql":
        return tell({ type: "rows", id: request.id, rows: await rowsOf(request) });
      case "reload":
        await served?.reload();
        return tell({ type: "rows", id: request.id, rows: [] });
      case "stop":
        return stop();
    }
  } catch (error) {
    tell({
      type: "failed",
      id,
      message: error instanceof Error ? `${error.message} ${String(error.cause ?? "")}` : String(error),
    });
  }
}

async function rowsOf({ text, as }: Request & { type: "sql" }): Promise<unknown[]> {
  if (served === undefined) throw new Error("the server has not been started");
  return as === undefined ? served.sql(text) : served.sqlAs(as, text);
}

function tell(message: Answer): void {
  process.send?.(message);
}

async function stop(): Promise<void> {
  await served?.stop().catch(() => undefined);
  await postgres?.stop().catch(() => undefined);
  process.exit(0);
}
