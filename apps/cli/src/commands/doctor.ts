import type { Command } from "commander";
import { answer } from "../command-context.js";
import type { Check } from "../doctor/check.js";
import { checkMachine } from "../doctor/check-machine.js";
import { checkStore } from "../doctor/check-store.js";
import { IncompleteError } from "../failure.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { storeUrlOf } from "../store-at.js";
import { countOf, styleFor } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";

export function doctorCommand(perform: Perform): Command {
  return describeCommand("doctor [store]", "check the machine, and a store with all that is in it", [
    { command: "holdfast doctor", does: "Node and the adapters" },
    {
      command: "holdfast doctor sqlite:./app.db",
      does: "and whether the store opens, its settings, space, every item",
    },
  ])
    .option(KEYS_FLAG[0], `decrypt what is encrypted too; ${KEYS_FLAG[1]}`)
    .option(...REALM_FLAG)
    .action((store: string | undefined, flags: KeysFlags) =>
      perform(async (context) => {
        const checks = await checkMachine(store === undefined ? undefined : storeUrlOf(store).scheme);
        if (store !== undefined) checks.push(...(await checkStore(context, store, keysSettings(context, flags))));
        const failed = checks.filter(({ status }) => status === "fail");
        const told = context.quiet ? checks.filter(({ status }) => status !== "ok") : checks;
        await answer(context, { ok: failed.length === 0, checks }, linesOf(told, styleFor(process.stdout)));
        if (failed.length === 0) return;
        const [first] = failed;
        throw new IncompleteError(
          `${countOf(failed.length, "check")} failed: ${failed.map(({ name }) => name).join(", ")}`,
          first?.advice ?? "again with --verbose",
        );
      }),
    );
}

function linesOf(checks: readonly Check[], style: ReturnType<typeof styleFor>): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const marks = { ok: style.green("ok  "), warn: style.yellow("warn"), fail: style.red("FAIL") };
  return checks.flatMap(({ name, status, detail, advice }) => [
    `${marks[status]}  ${name.padEnd(width)}  ${detail}`,
    ...(advice === undefined ? [] : [`${" ".repeat(width + 8)}→ ${advice}`]),
  ]);
}
