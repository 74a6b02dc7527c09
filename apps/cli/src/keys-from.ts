import { resolve } from "node:path";
import type { KeyProvider, StorageSettings } from "@holdfast/core";
import { environmentKeys, passphraseKeys } from "@holdfast/keychain";
import { fileSecrets, osKeychain } from "@holdfast/keychain/node";
import type { CommandContext } from "./command-context.js";
import { UsageError } from "./failure.js";
import { askHidden } from "./hidden-input.js";

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

/** For commands that read a store which may be encrypted; what is written stays encrypted, or plain, as it was. */
export function keysSettings(context: CommandContext, flags: KeysFlags): StorageSettings {
  return settingsOf(providerOf(context, flags), flags.realm, { byDefault: false });
}

/** For commands that read two stores: of the second, keys and realm are those of the first unless others are named. */
export function keysOfTwo(
  context: CommandContext,
  { keys, realm, toKeys, toRealm }: KeysOfTwoFlags,
): [first: StorageSettings, second: StorageSettings] {
  const first = keys === undefined ? undefined : keysFrom(context, keys);
  // One provider for both: a passphrase is asked for once.
  const second = toKeys === undefined ? first : keysFrom(context, toKeys);
  if (second === undefined) checkRealm(realm ?? toRealm);
  const more = { byDefault: false };
  return [settingsOf(first, realm, more), settingsOf(second, toRealm ?? realm, more)];
}

/** For commands that encrypt what they write. */
export function encryptionSettings(context: CommandContext, flags: KeysFlags): StorageSettings {
  return settingsOf(providerOf(context, flags), flags.realm);
}

function providerOf(context: CommandContext, { keys, realm }: KeysFlags): KeyProvider | undefined {
  if (keys !== undefined) return keysFrom(context, keys);
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

/** The provider of keys that an option names. Throws UsageError. */
function keysFrom(context: CommandContext, source: string): KeyProvider {
  const colon = source.indexOf(":");
  const [kind, rest] = colon < 0 ? [source, ""] : [source.slice(0, colon), source.slice(colon + 1)];
  if (kind === "environment") return environmentKeys(rest === "" ? {} : { variable: rest });
  if (kind === "os-keychain" && rest !== "") return osKeychain({ service: rest });
  if (kind === "passphrase" && rest !== "") {
    let asked: Promise<string> | undefined;
    const passphrase = () => {
      asked ??= askHidden(context, "Passphrase");
      return asked;
    };
    return passphraseKeys({ passphrase, secrets: fileSecrets({ directory: resolve(rest) }) });
  }
  throw new UsageError(
    `${JSON.stringify(source)} names no keys: write os-keychain:SERVICE, environment, environment:VARIABLE or passphrase:DIRECTORY`,
  );
}
