import { type KeyProvider, StorageError } from "@holdfast/core";
import { keysIn } from "../keys-in.js";
import { checkName, type SecretStore } from "../secret-store.js";
import { keychainError } from "./keychain-error.js";

/** Whose secrets the keychain keeps. */
export interface OsSecretsOptions {
  /** Whose secrets these are, as the keychain shows it: the app's name. */
  service: string;
}

type Keyring = typeof import("@napi-rs/keyring");

// Without it, what no Secret Service takes would go to the kernel's keyring, which a reboot empties.
const OPTIONS = { linux: { store: "secret-service" } } as const;
/** Read, whether there is something or not, to see that the keychain answers. */
const PROBE = "holdfast";

/**
 * Secrets in the keychain of the operating system: Keychain on macOS, Credential Manager on Windows, the Secret Service (GNOME
 * Keyring, KWallet, KeePassXC) on Linux, through @napi-rs/keyring (well kept, prebuilt for all three).
 *
 * @throws INVALID_OPTION. Its calls reject with UNSUPPORTED where there is no keychain, LOCKED, UNAVAILABLE.
 */
export function osSecrets({ service }: OsSecretsOptions): SecretStore {
  checkName("service", service);
  const entry = async (name: string) => new (await keyring()).AsyncEntry(service, name, OPTIONS);
  return {
    name: "os-keychain",
    get: (name) => asked(async () => (await (await entry(name)).getPassword()) ?? undefined),
    set: (name, secret) => asked(async () => (await entry(name)).setPassword(secret)),
    delete: (name) => asked(async () => (await entry(name)).deletePassword()),
    names: () =>
      asked(async () => {
        // The search takes whatever store it finds; that the right one is there is asked first.
        await (await entry(PROBE)).getPassword();
        const found = await (await keyring()).findCredentialsAsync(service);
        return found.map(({ account }) => account).sort();
      }),
  };
}

/** Master keys in the keychain of the operating system. */
export function osKeychain(options: OsSecretsOptions): KeyProvider {
  return keysIn(osSecrets(options));
}

/** Loaded with the first call: its native part is not there for every platform. */
async function keyring(): Promise<Keyring> {
  try {
    return await import("@napi-rs/keyring");
  } catch (cause) {
    throw new StorageError(
      "UNSUPPORTED",
      "the keychain cannot be reached: install @napi-rs/keyring with its optional dependencies for this platform, or use another provider of keys",
      { cause },
    );
  }
}

async function asked<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw StorageError.is(error) ? error : keychainError(error);
  }
}
