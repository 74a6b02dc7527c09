import { resolve } from "node:path";
import type { KeyProvider, StorageSettings } from "@holdfast/core";
import { environmentKeys, passphraseKeys } from "@holdfast/keychain";
import { fileSecrets, osKeychain } from "@holdfast/keychain/node";
import type { CommandContext } from "./command-context.js";
import { UsageError } from "./failure.js";
import { askHidden } from "./hidden-input.js";

export const KEYS_FLAG = [
  "-k, --keys <source>",
  "where the master keys are: os-keychain:SERVICE, environment[:VARIABLE] or passphrase:DIRECTORY",
] as const;

/** The provider of keys that an option names. Throws UsageError. */
export function keysFrom(context: CommandContext, source: string): KeyProvider {
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

/** For commands that read a store which may be encrypted; what is written stays encrypted, or plain, as it was. */
export function keysSettings(context: CommandContext, source: string | undefined): StorageSettings {
  return source === undefined ? {} : { encryption: { keys: keysFrom(context, source), byDefault: false } };
}

/** For commands that read two stores: of the second, the keys are those of the first unless others are named. */
export function keysOfTwo(
  context: CommandContext,
  source: string | undefined,
  other: string | undefined,
): [first: StorageSettings, second: StorageSettings] {
  // One provider for both: a passphrase is asked for once.
  const first = keysSettings(context, source);
  return [first, other === undefined ? first : keysSettings(context, other)];
}

/** For commands that encrypt what they write. */
export function encryptionSettings(context: CommandContext, source: string | undefined): StorageSettings {
  return source === undefined ? {} : { encryption: { keys: keysFrom(context, source) } };
}
