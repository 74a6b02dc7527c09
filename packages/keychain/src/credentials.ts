import { StorageError } from "@holdfast/core";
import { isMasterKeyName } from "./master-keys.js";
import { Secret } from "./secret.js";
import { checkName, type SecretStore } from "./secret-store.js";

/** A named secret: `service` is its name up to the first "/", or the whole of it. */
export interface Credential {
  readonly name: string;
  readonly service: string;
  readonly secret: Secret;
}

/** API keys, tokens and passwords of an app, by names such as `github` or `github/ann`. */
export interface Credentials {
  /** Replaces what is there. */
  set(name: string, secret: string): Promise<void>;
  /** Undefined when there is none. */
  get(name: string): Promise<Credential | undefined>;
  /** False when there was none. */
  delete(name: string): Promise<boolean>;
  /** Without their secrets, ordered. */
  names(): Promise<string[]>;
  /** All of one service. */
  find(service: string): Promise<Credential[]>;
}

const PREFIX = "credential/";

/**
 * Credentials in a place for secrets: `osSecrets()` of `@holdfast/keychain/node`, or `storedSecrets(storage)`, encrypted in a store;
 * `firstAvailableSecrets` takes the keychain where there is one, else the store. Secrets are handed out as `Secret`, which does not show what it holds.
 *
 * @example
 * const all = credentials(osSecrets({ service: "my-app" }));
 * await all.set("github/ann", token);
 * const token = (await all.get("github/ann"))?.secret.reveal();
 */
export function credentials(secrets: SecretStore): Credentials {
  const read = async (name: string): Promise<Credential | undefined> => {
    const secret = await secrets.get(PREFIX + name);
    return secret === undefined ? undefined : { name, service: serviceOf(name), secret: new Secret(secret) };
  };
  const names = async () => {
    const all = await secrets.names();
    return all
      .filter((name) => name.startsWith(PREFIX) && !isMasterKeyName(name))
      .map((name) => name.slice(PREFIX.length));
  };
  return {
    async set(name, secret) {
      checkName("the name of a credential", name);
      if (typeof secret !== "string" || secret === "" || !secret.isWellFormed()) {
        throw new StorageError("INVALID_VALUE", `the secret of ${JSON.stringify(name)} is text that is not empty`);
      }
      await secrets.set(PREFIX + name, secret);
    },
    async get(name) {
      checkName("the name of a credential", name);
      return read(name);
    },
    async delete(name) {
      checkName("the name of a credential", name);
      return secrets.delete(PREFIX + name);
    },
    names,
    async find(service) {
      checkName("the name of a service", service);
      const found: Credential[] = [];
      for (const name of await names()) {
        const credential = serviceOf(name) === service ? await read(name) : undefined;
        if (credential !== undefined) found.push(credential);
      }
      return found;
    },
  };
}

function serviceOf(name: string): string {
  const slash = name.indexOf("/");
  return slash < 0 ? name : name.slice(0, slash);
}
