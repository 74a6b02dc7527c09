import { readFile } from "node:fs/promises";
import { checkEnvironment, MIGRATIONS } from "@holdfast/cloud";
import type { Command } from "commander";
import { answer } from "../command-context.js";
import { IncompleteError } from "../failure.js";
import { countOf } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";

export function cloudCommand(perform: Perform): Command {
  return describeCommand("cloud", "prepare a Supabase project for supabase: stores", [
    { command: "holdfast cloud sql > holdfast.sql", does: "the SQL to run in the project" },
    {
      command: "holdfast cloud check",
      does: "what the project of SUPABASE_URL lacks, with the secret key in SUPABASE_KEY",
    },
  ])
    .addCommand(sqlCommand(perform))
    .addCommand(checkCommand(perform));
}

function sqlCommand(perform: Perform): Command {
  return describeCommand("sql", "print the SQL that a project needs; it may be run again at any time", [
    { command: "holdfast cloud sql > holdfast.sql", does: "for the SQL editor of the dashboard" },
    { command: "holdfast cloud sql --down", does: "what takes it back: every store of the project is deleted" },
  ])
    .option("--down", "print what takes it back")
    .action(({ down = false }: { down?: boolean }) =>
      perform(async (context) => {
        const names = down ? [...MIGRATIONS].reverse() : MIGRATIONS;
        const files = await Promise.all(
          names.map(async (name) => ({ name, sql: await readSql(down ? "down" : "migrations", name) })),
        );
        await answer(
          context,
          { files },
          files.map(({ name, sql }) => `-- ${name}.sql\n${sql.trimEnd()}\n`),
        );
      }),
    );
}

function checkCommand(perform: Perform): Command {
  return describeCommand("check", "tell what a project lacks", [
    { command: "holdfast cloud check", does: "the project of SUPABASE_URL, with the secret key in SUPABASE_KEY" },
  ]).action(() =>
    perform(async (context) => {
      const checks = await checkEnvironment();
      const missing = checks.filter(({ ok }) => !ok);
      await answer(
        context,
        { ok: missing.length === 0, checks },
        (context.quiet ? missing : checks).map(
          ({ name, ok, detail }) => `${ok ? "ok  " : "FAIL"}  ${name}${detail === undefined ? "" : `: ${detail}`}`,
        ),
      );
      if (missing.length === 0) return;
      throw new IncompleteError(
        `the project lacks ${countOf(missing.length, "thing")} that supabase: stores need`,
        "run what `holdfast cloud sql` prints in the project's SQL editor",
      );
    }),
  );
}

function readSql(directory: "migrations" | "down", name: string): Promise<string> {
  return readFile(new URL(import.meta.resolve(`@holdfast/cloud/supabase/${directory}/${name}.sql`)), "utf8");
}
