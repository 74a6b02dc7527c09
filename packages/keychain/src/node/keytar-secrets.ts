import { type KeyProvider, StorageError } from "@holdfast/core";
import { keysIn } from "../keys-in.js";
import { checkName, type SecretStore } from "../secret-store.js";
import { keychainError } from "./keychain-error.js";
import type { OsSecretsOptions } from "./os-secrets.js";

/** What is used of keytar. */
export interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
  findCredentials(service: string): Promise<{ account: string; password: string }[]>;
}

/** Which keytar to use, and for whom. */
export interface KeytarSecretsOptions extends OsSecretsOptions {
  /** The module, for apps that bundle it or build a fork. Default: the package `keytar` is imported. */
  keytar?: Keytar | undefined;
}

/** As `osSecrets`, for apps that have keytar already: it sees the same entries on macOS and Windows as other programs that use it. */
export function keytarSecrets({ service, keytar }: KeytarSecretsOptions): SecretStore {
  checkName("service", service);
  const ask = async <T>(question: (module: Keytar) => Promise<T>): Promise<T> => {
    const module = keytar ?? (await load());
    try {
      return await question(module);
    } catch (error) {
      throw keychainError(error);
    }
  };
  return {
    name: "keytar",
    get: (name) => ask(async (module) => (await module.getPassword(service, name)) ?? undefined),
    set: (name, secret) => ask((module) => module.setPassword(service, name, secret)),
    delete: (name) => ask((module) => module.deletePassword(service, name)),
    names: () => ask(async (module) => (await module.findCredentials(service)).map(({ account }) => account).sort()),
  };
}

/** Master keys in the keychain of the operating system, through keytar. */
export function keytarKeychain(options: KeytarSecretsOptions): KeyProvider {
  return keysIn(keytarSecrets(options));
}

async function load(): Promise<Keytar> {
  // Not by its name alone: it is an optional peer, and without it neither compilers nor bundlers may stumble.
  const name: string = "keytar";
  try {
    const module = (await import(name)) as { default?: Keytar } & Partial<Keytar>;
    return module.default ?? (module as Keytar);
  } catch (cause) {
    throw new StorageError(
      "UNSUPPORTED",
      "keytar is not here: install it (`npm install keytar`), or use osKeychain()",
      {
        cause,
      },
    );
  }
}
