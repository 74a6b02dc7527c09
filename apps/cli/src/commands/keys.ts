import { type KeyUsage, keyringOf, type RotationReport, StorageError, type StorageSettings } from "@holdfast/core";
import type { Command } from "commander";
import { answer, openExisting, report } from "../command-context.js";
import { brokenOff, CommandError, IncompleteError } from "../failure.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { countOf, formatCount, formatTable } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";

interface MoveOptions extends KeysFlags {
  resume?: boolean;
}

/** Again would make one more key. */
const BROKEN_OFF = {
  interrupted: "interrupted: some may be under the new key, and everything can be read",
  again: "again with --resume, which goes on from here",
} as const;

const RESUME = ["--resume", "go on with a run that was interrupted, without making another key"] as const;

export function keysCommand(perform: Perform): Command {
  return describeCommand("keys", "see and change the master keys of an encrypted store", [
    {
      command: "holdfast keys ls sqlite:./app.db --keys os-keychain:my-app",
      does: "the keys, and what needs each of them",
    },
    {
      command: "holdfast keys rotate sqlite:./app.db --keys os-keychain:my-app",
      does: "a new key; no body is written",
    },
    { command: "holdfast keys reencrypt sqlite:./app.db --keys os-keychain:my-app", does: "after a leak: all anew" },
    {
      command: "holdfast keys ls sqlite:./app.db --keys os-keychain:my-app --realm notes",
      does: "of an app that opens it for a realm of its own",
    },
  ])
    .addCommand(lsCommand(perform))
    .addCommand(moveCommand(perform, "rotate"))
    .addCommand(moveCommand(perform, "reencrypt"));
}

function lsCommand(perform: Perform): Command {
  return describeCommand("ls <store>", "list the keys, and how many items need each of them", [
    {
      command: "holdfast keys ls sqlite:./app.db --keys environment",
      does: "the keys in HOLDFAST_KEYS and others that are needed",
    },
  ])
    .requiredOption(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .action((store: string, flags: KeysFlags) =>
      perform(async (context) => {
        await using storage = await openExisting(store, keysSettings(context, flags));
        const usage = await keyringOf(storage).keys({ signal: context.signal });
        await answer(context, { keys: usage }, rowsOf(usage));
      }),
    );
}

function moveCommand(perform: Perform, verb: "rotate" | "reencrypt"): Command {
  const summary = {
    rotate: "make a new master key and wrap the key of every item with it",
    reencrypt: "make a new master key and encrypt every encrypted item anew, after a leak",
  }[verb];
  return describeCommand(`${verb} <store>`, summary, [
    {
      command: `holdfast keys ${verb} sqlite:./app.db --keys os-keychain:my-app`,
      does: "to the end, or says what could not be done",
    },
    {
      command: `holdfast keys ${verb} sqlite:./app.db --keys os-keychain:my-app --resume`,
      does: "goes on after an interruption",
    },
  ])
    .requiredOption(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .option(...RESUME)
    .action((store: string, { resume = false, ...flags }: MoveOptions) =>
      perform(async (context) => {
        const [settings, hasMade] = noticing(keysSettings(context, flags));
        await using storage = await openExisting(store, settings);
        const { signal, progress } = context;
        const done = await keyringOf(storage)
          [verb]({ resume, signal, progress: progress.listener })
          .catch(async (error: unknown) => {
            if (!resume && StorageError.is(error, "UNSUPPORTED") && settings.encryption?.keys.add === undefined) {
              throw fromOutside(error);
            }
            // Without a new key there is nothing to go on with: it would end well, and nothing be changed.
            throw resume || (await hasMade()) ? brokenOff(error, signal, BROKEN_OFF) : error;
          });
        progress.end();
        await report(context, done, [summaryOf(done)], failureLines(done));
        if (!done.ok) throw incomplete(done);
      }),
    );
}

/** The same keys, and whether one was made with them. */
function noticing({
  encryption,
  ...rest
}: StorageSettings): [settings: StorageSettings, hasMade: () => Promise<boolean>] {
  const { keys } = encryption ?? {};
  if (encryption === undefined || keys?.add === undefined) return [{ ...rest, encryption }, async () => false];
  const make = keys.add.bind(keys);
  let making: Promise<unknown> | undefined;
  const add = () => {
    const made = make();
    making = made;
    return made;
  };
  const observed = { name: keys.name, load: keys.load.bind(keys), add };
  const hasMade = async () => {
    // An interruption does not wait for the keychain; what is made there meanwhile counts.
    const [made] = await Promise.allSettled([making]);
    return making !== undefined && made?.status === "fulfilled";
  };
  return [{ ...rest, encryption: { ...encryption, keys: observed } }, hasMade];
}

/** Of keys that no command can write. */
function fromOutside(cause: StorageError): CommandError {
  const hint =
    "a new key in front of the former one in the variable, with a comma between them, then again with --resume";
  return Object.assign(new CommandError("UNSUPPORTED", cause.message, hint), { cause });
}

function rowsOf(usage: readonly KeyUsage[]): string[] {
  return formatTable(
    [{ title: "key" }, { title: "" }, { title: "items", align: "right" }, { title: "versions", align: "right" }],
    usage.map(({ id, active, present, items, versions }) => [
      id,
      active ? "active" : present ? "kept" : "MISSING",
      formatCount(items),
      formatCount(versions),
    ]),
  );
}

function failureLines({ failures }: RotationReport): string[] {
  return failures.map(({ key, code, message }) => `failed ${JSON.stringify(key)} (${code}): ${message}`);
}

function summaryOf({ key, rewrapped, rewritten, dropped }: RotationReport): string {
  const counts = [
    `${formatCount(rewrapped)} wrapped anew`,
    `${formatCount(rewritten)} written anew`,
    `${countOf(dropped, "version")} dropped`,
  ];
  return `active key ${key}: ${counts.join(", ")}`;
}

function incomplete({ failures }: RotationReport): Error {
  const [first] = failures;
  if (first === undefined) {
    return new IncompleteError(
      "not everything is under the new key: others went on writing under a former one",
      "the same command with --resume, once what has the store open is closed",
    );
  }
  return new CommandError(
    "DECRYPT_FAILED",
    `${countOf(failures.length, "value")} could not be done, such as ${JSON.stringify(first.key)}`,
    "`holdfast verify`, and the same command with --resume once that is mended",
    first.key,
  );
}
