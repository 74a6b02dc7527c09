import type { StorageEngine } from "@holdfast/core";
import type { SecretStore } from "./secret-store.js";

/**
 * Secrets in a storage of Holdfast, encrypted, their names too: each is an item under a hash of its name, with the name in its value. The hash
 * is no secret: who has the store can tell whether a name that he guesses is there, and reads none. The storage, or the namespace of it
 * that is given, is theirs alone and was opened with the setting `encryption`; without, `set` rejects with INVALID_OPTION.
 */
export function storedSecrets(storage: StorageEngine): SecretStore {
  return {
    name: "store",
    async get(name) {
      return (await storage.load<Entry>(await keyOf(name)))?.secret;
    },
    async set(name, secret) {
      await storage.save<Entry>(await keyOf(name), { name, secret }, { encrypt: true, compress: false });
    },
    async delete(name) {
      return storage.delete(await keyOf(name));
    },
    async names() {
      const names: string[] = [];
      for await (const { key } of storage.scan()) {
        const entry = await storage.load<Entry>(key);
        if (entry !== undefined) names.push(entry.name);
      }
      return names.sort();
    },
  };
}

interface Entry {
  name: string;
  secret: string;
}

async function keyOf(name: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name)));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
