import type { SecretStore } from "../secret-store.js";
import { answered, KeyDatabase } from "./database.js";

/** A place for sealed keys in the browser. What is kept here can be read by every script of the origin: it is for `passphraseKeys`. */
export function browserSecrets({ name }: { name: string }): SecretStore {
  const database = new KeyDatabase(name);
  return {
    name: "browser-secrets",
    get: (secret) => database.run("readonly", (table) => answered<string | undefined>(table("secrets").get(secret))),
    set: (secret, value) =>
      database.run("readwrite", async (table) => {
        await answered(table("secrets").put(value, secret));
      }),
    delete: (secret) =>
      database.run("readwrite", async (table) => {
        const found = await answered(table("secrets").getKey(secret));
        await answered(table("secrets").delete(secret));
        return found !== undefined;
      }),
    names: () => database.run("readonly", (table) => answered(table("secrets").getAllKeys()) as Promise<string[]>),
  };
}
