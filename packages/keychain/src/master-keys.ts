import { type KeyProvider, type MasterKey, type MasterKeys, masterKeyId, StorageError } from "@holdfast/core";
import { fromBase64Url, toBase64Url } from "./base64url.js";
import type { SecretStore } from "./secret-store.js";

export const MASTER_KEY_BYTES = 32;
const ACTIVE = "active-master-key";
const KEY_PREFIX = "master-key/";

/** How a master key is written as a secret, and read again. */
export interface KeyWriting {
  write(material: Uint8Array): Promise<string>;
  /** Throws DECRYPT_FAILED, or CORRUPT for what is none. */
  read(written: string): Promise<Uint8Array>;
}

const PLAIN: KeyWriting = {
  write: async (material) => toBase64Url(material),
  async read(written) {
    const bytes = fromBase64Url(written);
    if (bytes?.length === MASTER_KEY_BYTES) return bytes;
    throw new StorageError("CORRUPT", "what is kept there is no master key: restore it from a backup");
  },
};

/**
 * Master keys as secrets, each under a name of its own: of two processes that make the first one at the same time, neither
 * overwrites the key of the other, and both are found by their ids for ever.
 */
export class KeysInSecrets implements KeyProvider {
  readonly name: string;
  readonly #secrets: SecretStore;
  readonly #writing: KeyWriting;
  readonly #random: (length: number) => Uint8Array;

  constructor(
    secrets: SecretStore,
    { name = secrets.name, writing = PLAIN, random = randomBytes }: KeysInSecretsOptions = {},
  ) {
    this.name = name;
    this.#secrets = secrets;
    this.#writing = writing;
    this.#random = random;
  }

  async load(): Promise<MasterKeys> {
    const { active, keys } = await this.#read();
    if (active !== undefined && keys.some(({ id }) => id === active)) return { active, keys };
    if (active !== undefined) {
      throw new StorageError(
        "KEY_MISSING",
        `the active key ${JSON.stringify(active)} is not in ${this.name}: put it back there`,
      );
    }
    const [first] = keys;
    if (first === undefined) return this.add();
    // Somebody made a key and came no further, or is about to.
    await this.#secrets.set(ACTIVE, first.id);
    return { active: first.id, keys };
  }

  async add(): Promise<MasterKeys> {
    const material = this.#random(MASTER_KEY_BYTES);
    const id = await masterKeyId(material);
    await this.#secrets.set(KEY_PREFIX + id, await this.#writing.write(material));
    // From here on it is kept, whatever becomes of the next step.
    await this.#secrets.set(ACTIVE, id);
    const { active, keys } = await this.#read();
    if (active !== undefined && keys.some((key) => key.id === active)) return { active, keys };
    throw new StorageError("UNAVAILABLE", `${this.name} did not keep the key that it took`, { retryable: false });
  }

  async remove(id: string): Promise<MasterKeys> {
    if ((await this.#secrets.get(ACTIVE)) === id) {
      throw new StorageError("INVALID_OPTION", `${JSON.stringify(id)} is the active key: rotate() first`);
    }
    await this.#secrets.delete(KEY_PREFIX + id);
    return this.load();
  }

  async #read(): Promise<{ active: string | undefined; keys: MasterKey[] }> {
    const keys: MasterKey[] = [];
    // First: a key is kept before it becomes the active one, so it is among those that are listed afterwards.
    const active = await this.#secrets.get(ACTIVE);
    const names = (await this.#secrets.names()).filter((name) => name.startsWith(KEY_PREFIX));
    const isActive = (name: string) => name === KEY_PREFIX + active;
    let refused: StorageError | undefined;
    // Where the active one does not open, none of the others is tried.
    for (const name of names.sort((a, b) => Number(isActive(b)) - Number(isActive(a)))) {
      const written = await this.#secrets.get(name);
      // Removed since it was listed.
      if (written === undefined) continue;
      const material = await this.#writing.read(written).catch((error: unknown) => {
        if (isActive(name) || !StorageError.is(error, "DECRYPT_FAILED")) throw error;
        refused ??= error;
      });
      // Of those who come first at once each seals a key of his own, perhaps with another passphrase: it stays, and is not ours.
      if (material === undefined) continue;
      const id = await masterKeyId(material);
      if (KEY_PREFIX + id !== name) {
        throw new StorageError("CORRUPT", `another key is kept under ${JSON.stringify(name)} in ${this.name}`);
      }
      keys.push({ id, material });
    }
    if (keys.length === 0 && refused !== undefined) throw refused;
    return { active, keys };
  }
}

export interface KeysInSecretsOptions {
  readonly name?: string;
  readonly writing?: KeyWriting;
  readonly random?: (length: number) => Uint8Array;
}

export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * Whether a place for secrets holds master keys already. A provider makes the first one when it loads: ask this before, where nothing
 * may be made, or where somebody is to know that a key is.
 */
export async function holdsMasterKeys(secrets: SecretStore): Promise<boolean> {
  return (await secrets.names()).some(isMasterKeyName);
}

/** Whether a name is one of those that hold master keys. */
export function isMasterKeyName(name: string): boolean {
  return name === ACTIVE || name.startsWith(KEY_PREFIX);
}
