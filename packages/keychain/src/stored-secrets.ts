import { type StorageEngine, StorageError } from "@holdfast/core";
import type { SecretStore } from "./secret-store.js";

/**
 * Secrets in a storage of Holdfast, encrypted, their names too: each is an item under a hash of its name, with the name in its value. The hash
 * is no secret: who has the store can tell whether a name that he guesses is there, and reads none. The storage, or the namespace of it
 * that is given, is theirs alone and was opened with the setting `encryption`: `set` rejects with INVALID_OPTION without, and where other things
 * are there too, as `names` does.
 */
export function storedSecrets(storage: StorageEngine): SecretStore {
  return {
    name: "store",
    async get(name) {
      const key = await keyOf(name);
      const value = await storage.load(key);
      return value === undefined ? undefined : entryOf(key, value).secret;
    },
    async set(name, secret) {
      // By the key alone: no other secret is read for it.
      for await (const { key } of storage.scan()) if (!KEY.test(key)) throw notTheirsAlone(key);
      await storage.save<Entry>(await keyOf(name), { name, secret }, { encrypt: true, compress: false });
    },
    async delete(name) {
      return storage.delete(await keyOf(name));
    },
    async names() {
      const names: string[] = [];
      for await (const { key } of storage.scan()) {
        const value = await storage.load(key);
        // Deleted since it was listed.
        if (value === undefined) continue;
        const { name } = entryOf(key, value);
        if ((await keyOf(name)) !== key) throw notTheirsAlone(key);
        names.push(name);
      }
      return names.sort();
    },
  };
}

interface Entry {
  name: string;
  secret: string;
}

const KEY = /^[0-9a-f]{32}$/;

/** What stands under a key, where that is a secret. Throws INVALID_OPTION for anything else. */
function entryOf(key: string, value: unknown): Entry {
  const { name, secret } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  if (typeof name === "string" && typeof secret === "string") return { name, secret };
  throw notTheirsAlone(key);
}

function notTheirsAlone(key: string): StorageError {
  return new StorageError(
    "INVALID_OPTION",
    `this store holds other things than secrets (${JSON.stringify(key)}): secrets are kept in a store or namespace of their own`,
  );
}

async function keyOf(name: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name)));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
