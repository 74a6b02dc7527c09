import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { type KeyProvider, type MasterKeys, StorageError, type StorageSettings } from "@holdfast/core";
import { environmentKeys, holdsMasterKeys, keysIn, passphraseKeys } from "@holdfast/keychain";
import { fileSecrets, osSecrets, type SecretStore } from "@holdfast/keychain/node";
import type { CommandContext } from "./command-context.js";
import { UsageError } from "./failure.js";
import { askHidden, askHiddenTwice, linesOfPipe } from "./hidden-input.js";

/** What every command takes that reads or writes what may be encrypted. */
export interface KeysFlags {
  keys?: string;
  realm?: string;
}

/** Those of commands with two stores. */
export interface KeysOfTwoFlags extends KeysFlags {
  toKeys?: string;
  toRealm?: string;
}

export const KEYS_FLAG = [
  "-k, --keys <source>",
  "where the master keys are: os-keychain:SERVICE, environment[:VARIABLE] or passphrase:DIRECTORY",
] as const;

export const REALM_FLAG = ["--realm <name>", "the realm that the app opens the store for, if it names one"] as const;

/**
 * For commands that read a store which may be encrypted; what is written stays encrypted, or plain, as it was. Where there is no key, none
 * is made.
 */
export function keysSettings(context: CommandContext, flags: KeysFlags): StorageSettings {
  return settingsOf(providerOf(context, flags, refuse), flags.realm, { byDefault: false });
}

/**
 * For commands that read two stores: of the second, keys and realm are those of the first unless others are named. `atSecond` is for keys
 * that are named for the second.
 */
export function keysOfTwo(
  context: CommandContext,
  { keys, realm, toKeys, toRealm }: KeysOfTwoFlags,
  atSecond: WithoutKeys = refuse,
): [first: StorageSettings, second: StorageSettings] {
  const line = linesOfPipe(context, ["--keys", "--to-keys"]);
  const areTwo = [keys, toKeys].every((source) => source?.startsWith("passphrase:")) && keys !== toKeys;
  const ofPipe = (name: "--keys" | "--to-keys") => (areTwo ? { ofPipe: () => line(name) } : {});
  const first = keys === undefined ? undefined : keysFrom(context, keys, { without: refuse, ...ofPipe("--keys") });
  // One provider for both: a passphrase is asked for once.
  const second =
    toKeys === undefined || toKeys === keys
      ? first
      : keysFrom(context, toKeys, { without: atSecond, ...ofPipe("--to-keys") });
  if (second === undefined) checkRealm(realm ?? toRealm);
  const more = { byDefault: false };
  return [settingsOf(first, realm, more), settingsOf(second, toRealm ?? realm, more)];
}

/** For commands that encrypt what they write. */
export function encryptionSettings(context: CommandContext, flags: KeysFlags): StorageSettings {
  return settingsOf(providerOf(context, flags, makeFirst(context)), flags.realm);
}

/** Somewhere that keys are kept, and may be made. */
interface Place {
  /** As a message names it. */
  readonly name: string;
  readonly secrets: SecretStore;
  readonly provider: KeyProvider;
}

/** What the keys are where a place holds none yet. */
type WithoutKeys = (place: Place) => Promise<MasterKeys>;

async function refuse({ name }: Place): Promise<never> {
  throw new StorageError("KEY_MISSING", `there is no master key in ${name}`);
}

/** Says so: the place may be misspelt, and what is then encrypted is not read with the keys that were meant. */
export function makeFirst({ stderr, json, quiet }: CommandContext): WithoutKeys {
  return async ({ name, provider }) => {
    const made = await provider.load();
    if (!json && !quiet) stderr.write(`there was no master key in ${name}: made the first one\n`);
    return made;
  };
}

/** For a plan: a key that nothing is written with. */
export async function imagine(): Promise<MasterKeys> {
  return environmentKeys({ environment: { HOLDFAST_KEYS: randomBytes(32).toString("base64") } }).load();
}

function providerOf(
  context: CommandContext,
  { keys, realm }: KeysFlags,
  without: WithoutKeys,
): KeyProvider | undefined {
  if (keys !== undefined) return keysFrom(context, keys, { without });
  checkRealm(realm);
  return undefined;
}

function checkRealm(realm: string | undefined): void {
  if (realm !== undefined) throw new UsageError("a realm is nothing without keys: name them by --keys");
}

function settingsOf(
  keys: KeyProvider | undefined,
  realm: string | undefined,
  more: { byDefault?: boolean } = {},
): StorageSettings {
  return keys === undefined ? {} : { encryption: { keys, realm, ...more } };
}

/** How keys are looked for. */
interface Looking {
  readonly without: WithoutKeys;
  /** The passphrase, where a pipe brings more than that. */
  readonly ofPipe?: () => Promise<string>;
}

/** The provider of keys that an option names. Throws UsageError. */
function keysFrom(context: CommandContext, source: string, { without, ofPipe }: Looking): KeyProvider {
  const colon = source.indexOf(":");
  const [kind, rest] = colon < 0 ? [source, ""] : [source.slice(0, colon), source.slice(colon + 1)];
  if (kind === "environment") return environmentKeys(rest === "" ? {} : { variable: rest });
  if (kind === "os-keychain" && rest !== "") {
    const secrets = osSecrets({ service: rest });
    return lookingFirst(
      { name: `the keychain under ${JSON.stringify(rest)}`, secrets, provider: keysIn(secrets) },
      without,
    );
  }
  if (kind === "passphrase" && rest !== "") return lookingFirst(sealedIn(context, rest, ofPipe), without);
  throw new UsageError(
    `${JSON.stringify(source)} names no keys: write os-keychain:SERVICE, environment, environment:VARIABLE or passphrase:DIRECTORY`,
  );
}

function sealedIn(context: CommandContext, directory: string, ofPipe: Looking["ofPipe"]): Place {
  const secrets = fileSecrets({ directory: resolve(directory) });
  let asked: Promise<string> | undefined;
  const ask = async () => {
    const isNew = !(await holdsMasterKeys(secrets));
    return (isNew ? askHiddenTwice : askHidden)(context, `Passphrase for ${directory}`, ofPipe);
  };
  const passphrase = () => {
    asked ??= ask();
    return asked;
  };
  return { name: directory, secrets, provider: passphraseKeys({ passphrase, secrets }) };
}

/** The provider of a place, which looks whether there are keys before it is asked for them. */
function lookingFirst(place: Place, without: WithoutKeys): KeyProvider {
  const { secrets, provider } = place;
  const { name, add, remove } = provider;
  return {
    name,
    load: async () => ((await holdsMasterKeys(secrets)) ? provider.load() : without(place)),
    ...(add && { add: add.bind(provider) }),
    ...(remove && { remove: remove.bind(provider) }),
  };
}
