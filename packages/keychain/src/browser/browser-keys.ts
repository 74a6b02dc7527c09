import { type KeyProvider, type MasterKeys, masterKeyId, StorageError } from "@holdfast/core";
import { MASTER_KEY_BYTES, randomBytes } from "../master-keys.js";
import { answered, KeyDatabase, type TableName } from "./database.js";

type Tables = (name: TableName) => IDBObjectStore;

interface NewKey {
  readonly id: string;
  readonly material: CryptoKey;
}

/**
 * Master keys in the browser's key store: Web Crypto keys that no script can read out, in an IndexedDB database of their own. Code that
 * runs in the page can have them decrypt while it runs there, and no longer. They go when the site's data is cleared, and what
 * they encrypt goes with them: ask for `navigator.storage.persist()`, and keep a copy of the data under another key.
 *
 * @throws INVALID_OPTION for a name that is none.
 */
export function browserKeys({ name }: { name: string }): KeyProvider {
  const database = new KeyDatabase(name);
  return {
    name: "browser",
    async load() {
      const found = await database.run("readonly", read);
      if (found !== undefined) return found;
      const made = await makeKey();
      // Of several tabs that come here at once, the first one's key is everybody's.
      return database.run("readwrite", async (table) => (await read(table)) ?? activate(table, made));
    },
    async add() {
      const made = await makeKey();
      return database.run("readwrite", (table) => activate(table, made));
    },
    remove: (id) =>
      database.run("readwrite", async (table) => {
        const keys = await read(table);
        if (keys === undefined || keys.active === id) {
          throw new StorageError("INVALID_OPTION", `${JSON.stringify(id)} is the active key: rotate() first`);
        }
        await answered(table("keys").delete(id));
        return { active: keys.active, keys: keys.keys.filter((key) => key.id !== id) };
      }),
  };
}

async function makeKey(): Promise<NewKey> {
  const raw = new Uint8Array(randomBytes(MASTER_KEY_BYTES));
  const id = await masterKeyId(raw);
  const material = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveBits"]);
  raw.fill(0);
  return { id, material };
}

async function read(table: Tables): Promise<MasterKeys | undefined> {
  const [active, ids, materials] = await Promise.all([
    answered<string | undefined>(table("state").get("active")),
    answered(table("keys").getAllKeys()) as Promise<string[]>,
    answered<CryptoKey[]>(table("keys").getAll()),
  ]);
  if (active === undefined) return undefined;
  return { active, keys: ids.flatMap((id, place) => (materials[place] ? [{ id, material: materials[place] }] : [])) };
}

async function activate(table: Tables, { id, material }: NewKey): Promise<MasterKeys> {
  await Promise.all([answered(table("keys").put(material, id)), answered(table("state").put(id, "active"))]);
  const keys = await read(table);
  if (keys === undefined) throw new StorageError("INTERNAL", "the browser's key store has lost what it just took");
  return keys;
}
