import { type Credentials, credentials, storedSecrets } from "@holdfast/keychain";
import { osSecrets } from "@holdfast/keychain/node";
import type { Command } from "commander";
import { answer, type CommandContext, openExisting, openOrCreate, report } from "../command-context.js";
import { CommandError, UsageError } from "../failure.js";
import { askHidden } from "../hidden-input.js";
import { judgeSecret } from "../judge.js";
import { encryptionSettings, KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { describeCommand, type Example, type Perform } from "./command.js";

interface SecretOptions extends KeysFlags {
  service?: string;
  store?: string;
}

const DEFAULT_SERVICE = "holdfast";

export function secretCommand(perform: Perform): Command {
  return describeCommand("secret", "keep API keys, tokens and passwords, in the keychain or encrypted in a store", [
    { command: "holdfast secret set github/ann", does: "asks for it, and shows nothing of it" },
    { command: "pass show github | holdfast secret set github/ann", does: "takes it from a pipe" },
    { command: "holdfast secret get github/ann | wl-copy", does: "prints it" },
  ])
    .addCommand(setCommand(perform))
    .addCommand(getCommand(perform))
    .addCommand(lsCommand(perform))
    .addCommand(rmCommand(perform));
}

function setCommand(perform: Perform): Command {
  return secretOptions("set <name>", "keep a secret, which is asked for or piped in, never an argument", [
    { command: "holdfast secret set github/ann", does: "in the keychain of the operating system" },
    {
      command: "holdfast secret set github/ann --store file:./secrets --keys passphrase:./keys",
      does: "encrypted in a store",
    },
  ]).action((name: string, options: SecretOptions) =>
    perform(async (context) => {
      // What a pipe brings is the secret, and not what opens the keys.
      const using = placeOf({ ...context, stdinIsData: true }, options, MAKE);
      // What is wrong is found before a store is made for it.
      await judgeSecret(name);
      const secret = await askHidden(context, `Secret for ${name}`);
      await using(async (all) => {
        await all.set(name, secret);
        await report(context, { name }, [`kept ${name}`]);
      });
    }),
  );
}

function getCommand(perform: Perform): Command {
  return secretOptions("get <name>", "print a secret", [
    { command: "holdfast secret get github/ann | wl-copy", does: "into the clipboard" },
  ]).action((name: string, options: SecretOptions) =>
    perform((context) => {
      const using = placeOf(context, options);
      return using(async (all) => {
        const found = await all.get(name);
        if (found === undefined) throw absent(name);
        const secret = found.secret.reveal();
        await answer(context, { name, secret }, [secret]);
      });
    }),
  );
}

function lsCommand(perform: Perform): Command {
  return secretOptions("ls [service]", "list the names of secrets, of all or of one service", [
    { command: "holdfast secret ls github", does: "github, github/ann and so on" },
  ]).action((service: string | undefined, options: SecretOptions) =>
    perform((context) => {
      const using = placeOf(context, options);
      return using(async (all) => {
        const names = service === undefined ? await all.names() : (await all.find(service)).map(({ name }) => name);
        await answer(context, { names }, names);
      });
    }),
  );
}

function rmCommand(perform: Perform): Command {
  return secretOptions("rm <name>", "delete a secret", [
    { command: "holdfast secret rm github/ann", does: "from the keychain" },
  ]).action((name: string, options: SecretOptions) =>
    perform((context) => {
      const using = placeOf(context, options);
      return using(async (all) => {
        if (!(await all.delete(name))) throw absent(name);
        await report(context, { deleted: name }, [`deleted ${name}`]);
      });
    }),
  );
}

function secretOptions(nameAndArguments: string, summary: string, examples: readonly Example[]): Command {
  const isMade = nameAndArguments.startsWith("set ");
  return describeCommand(nameAndArguments, summary, examples)
    .option("--service <name>", `whose secrets in the keychain (default: "${DEFAULT_SERVICE}")`)
    .option(
      "--store <store>",
      `those encrypted in this store instead, which is theirs alone${isMade ? "; made where there is none" : ""}`,
    )
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG);
}

/** How a store of secrets is opened. */
interface Opening {
  readonly open: typeof openOrCreate;
  readonly settings: typeof encryptionSettings;
}

const MAKE: Opening = { open: openOrCreate, settings: encryptionSettings };

const ONLY_OPEN: Opening = {
  open: (store, settings) => openExisting(store, settings, `holdfast secret set NAME --store ${store} --keys SOURCE`),
  settings: keysSettings,
};

/** What works on the secrets that the options name, once it is called. Throws UsageError. */
function placeOf(
  context: CommandContext,
  { service, store, ...flags }: SecretOptions,
  { open, settings }: Opening = ONLY_OPEN,
): (work: (all: Credentials) => Promise<void>) => Promise<void> {
  if (store === undefined) {
    if ((flags.keys ?? flags.realm) !== undefined) {
      throw new UsageError("--keys and --realm are for secrets in a store: name it by --store");
    }
    const all = credentials(osSecrets({ service: service ?? DEFAULT_SERVICE }));
    return (work) => work(all);
  }
  if (service !== undefined) {
    throw new UsageError("--service is for secrets in the keychain, and --store for those in a store: choose one");
  }
  if (flags.keys === undefined) throw new UsageError("secrets in a store are encrypted: name their keys by --keys");
  const encryption = settings(context, flags);
  return async (work) => {
    await using storage = await open(store, encryption);
    await work(credentials(storedSecrets(storage)));
  };
}

function absent(name: string): CommandError {
  return new CommandError(
    "NOT_FOUND",
    `there is no secret ${JSON.stringify(name)}`,
    "`holdfast secret ls`, which lists the names",
    name,
  );
}
