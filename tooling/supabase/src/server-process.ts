// The process of an embedded server. It ends with the one that started it.
import { setTimeout } from "node:timers/promises";
import { type Control, serveControl } from "./control.ts";
import type { Question, Request, Started } from "./messages.ts";
import { type Served, serveSupabase } from "./serve-supabase.ts";
import { type RunningPostgres, startPostgres } from "./start-postgres.ts";

/** Milliseconds for what is under way when the server is stopped. */
const PATIENCE = 3_000;

process.env["DO_NOT_TRACK"] = "1";
let served: Served | undefined;
let postgres: RunningPostgres | undefined;
let control: Control | undefined;

process.on("message", (message) => {
  // Only who started this process writes to it.
  const request = message as Request;
  void (request.type === "start" ? start(request) : stop());
});
process.on("disconnect", () => void stop());
// A terminal interrupts both; the one that started it says when it ends.
process.on("SIGINT", () => undefined);

async function start({ schema, database, keys }: Request & { type: "start" }): Promise<void> {
  try {
    if (database === "postgres") postgres = await startPostgres();
    served = await serveSupabase(schema, keys, postgres?.url);
    control = await serveControl(answer);
    tell({ type: "started", ...keys, url: served.url, control: control.url, postgres: postgres?.url });
  } catch (error) {
    tell({
      type: "failed",
      message: error instanceof Error ? `${error.message} ${String(error.cause ?? "")}` : String(error),
    });
  }
}

async function answer(question: Question): Promise<unknown[]> {
  if (served === undefined) throw new Error("the server has not been started");
  if (question.type === "reload") {
    await served.reload();
    return [];
  }
  return question.as === undefined ? served.sql(question.text) : served.sqlAs(question.as, question.text);
}

function tell(message: Started): void {
  process.send?.(message);
}

async function stop(): Promise<void> {
  control?.stop();
  // A client that died in the middle of something may have left a connection to the database that is never given back.
  await Promise.race([served?.stop().catch(() => undefined), setTimeout(PATIENCE)]);
  await postgres?.stop().catch(() => undefined);
  process.exit(0);
}
