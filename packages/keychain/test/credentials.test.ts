import { openStorage, type StorageAdapter, StorageError } from "@holdfast/core";
import {
  type Credentials,
  credentials,
  firstAvailableSecrets,
  keysIn,
  Secret,
  type SecretStore,
  storedSecrets,
} from "@holdfast/keychain";
import { memory } from "@holdfast/memory";
import { describe, expect, it } from "vitest";
import { memorySecrets } from "./support/memory-secrets.js";

const TOKEN = "ghp_0123456789abcdef";

async function encrypted(): Promise<{ secrets: SecretStore; adapter: StorageAdapter }> {
  const adapter = memory();
  const storage = await openStorage(adapter, { encryption: { keys: keysIn(memorySecrets()) } });
  return { secrets: storedSecrets(storage), adapter };
}

describe.each<[string, () => Promise<Credentials>]>([
  ["in a keychain", async () => credentials(memorySecrets())],
  ["in a store", async () => credentials((await encrypted()).secrets)],
])("credentials %s", (_name, make) => {
  it("are set, got, listed by name, found by service and deleted", async () => {
    const all = await make();
    await all.set("github/ann", "one");
    await all.set("github/bob", "two");
    await all.set("github", "three");
    await all.set("githubber/x", "four");
    await all.set("github/ann", TOKEN);
    const ann = await all.get("github/ann");
    expect(ann).toMatchObject({ name: "github/ann", service: "github" });
    expect(ann?.secret.reveal()).toBe(TOKEN);
    expect(await all.names()).toEqual(["github", "github/ann", "github/bob", "githubber/x"]);
    const found = await all.find("github");
    expect(found.map(({ name, secret }) => [name, secret.reveal()])).toEqual([
      ["github", "three"],
      ["github/ann", TOKEN],
      ["github/bob", "two"],
    ]);
    expect(await all.delete("github")).toBe(true);
    expect(await all.delete("github")).toBe(false);
    expect(await all.get("github")).toBeUndefined();
    expect(await all.find("github")).toHaveLength(2);
  });

  it("refuse names and secrets that are none, without telling the secret", async () => {
    const all = await make();
    for (const name of ["", "a\n", "x".repeat(201)]) {
      await expect(all.set(name, TOKEN)).rejects.toMatchObject({ code: "INVALID_OPTION" });
      await expect(all.get(name)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
    for (const secret of ["", 1, { token: TOKEN }]) {
      const error: Error = await all.set("a", secret as string).then(
        () => Promise.reject(new Error("was set")),
        (reason: Error) => reason,
      );
      expect(error).toMatchObject({ code: "INVALID_VALUE" });
      expect(error.message + JSON.stringify(error)).not.toContain(TOKEN);
    }
  });

  it("are shown only on purpose", async () => {
    const all = await make();
    await all.set("a", TOKEN);
    const credential = await all.get("a");
    expect(JSON.stringify(credential)).toBe(`{"name":"a","service":"a","secret":"[secret]"}`);
    expect(`${credential?.secret}`).toBe("[secret]");
    expect(String(credential?.secret)).toBe("[secret]");
    expect(Object.keys(credential?.secret ?? {})).toEqual([]);
    const asked: object = credential?.secret ?? {};
    const shown = (asked as Record<symbol, () => string>)[Symbol.for("nodejs.util.inspect.custom")]?.();
    expect(shown).toBe("[secret]");
    expect(structuredClone({ ...credential?.secret })).toEqual({});
  });
});

it("in a store show neither their secret nor their name to who has the store", async () => {
  const { secrets, adapter } = await encrypted();
  await credentials(secrets).set("github/ann", TOKEN);
  const [header] = await adapter.list({ prefix: "", after: undefined, limit: 9 }, { now: 0, signal: undefined });
  const record = await adapter.get(header?.key ?? "", { now: 0, signal: undefined });
  const held = JSON.stringify(record?.header) + String.fromCharCode(...(record?.body ?? []));
  for (const text of [TOKEN, "github", "ann"]) expect(held).not.toContain(text);
});

it("are not stored in plain where a store has no keys", async () => {
  const storage = await openStorage(memory());
  await expect(credentials(storedSecrets(storage)).set("a", TOKEN)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  expect(await storage.list()).toEqual([]);
});

it.each<[string, string, unknown]>([
  ["text", "notes", "a note"],
  ["nothing", "notes", null],
  ["bytes", "notes", new Uint8Array(3)],
  ["an object like a secret, under another key", "notes", { name: "credential/a", secret: TOKEN }],
  ["an object without a secret, under such a key", "0123456789abcdef0123456789abcdef", { name: "a" }],
])("in a store that is not theirs alone are refused by name: %s", async (_what, key, value) => {
  const storage = await openStorage(memory(), { encryption: { keys: keysIn(memorySecrets()) } });
  const all = credentials(storedSecrets(storage));
  await all.set("github", TOKEN);
  await storage.save(key, value);
  const refusal = {
    code: "INVALID_OPTION",
    message: expect.stringContaining(`this store holds other things than secrets (${JSON.stringify(key)})`),
  };
  await expect(all.names()).rejects.toMatchObject(refusal);
  await expect(all.find("github")).rejects.toMatchObject(refusal);
  if (key === "notes") await expect(all.set("mail", TOKEN)).rejects.toMatchObject(refusal);
  expect((await storage.list()).length).toBe(2);
  // What is theirs can still be had, and taken away.
  expect((await all.get("github"))?.secret.reveal()).toBe(TOKEN);
  expect(await all.delete("github")).toBe(true);
});

it("are not read from what stands under their key and is none", async () => {
  const storage = await openStorage(memory(), { encryption: { keys: keysIn(memorySecrets()) } });
  const all = credentials(storedSecrets(storage));
  await all.set("github", TOKEN);
  const [item] = await storage.list();
  await storage.save(item?.key ?? "", { name: "credential/github", secret: 5 });
  await expect(all.get("github")).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

it("a Secret tells nothing but by reveal", () => {
  expect(new Secret(TOKEN).reveal()).toBe(TOKEN);
  expect(`${JSON.stringify([new Secret(TOKEN)])} ${new Secret(TOKEN)}`).toBe(`["[secret]"] [secret]`);
});

describe("the first place for secrets that there is", () => {
  const failing = (code: "LOCKED" | "UNSUPPORTED", message: string): SecretStore => {
    const fail = () => Promise.reject(new StorageError(code, message));
    return { name: message, get: fail, set: fail, delete: fail, names: fail };
  };

  it("is the keychain, where there is one", async () => {
    const keychain = memorySecrets();
    const { secrets } = await encrypted();
    await credentials(firstAvailableSecrets([keychain, secrets])).set("github", TOKEN);
    expect(await keychain.names()).toHaveLength(1);
    expect(await secrets.names()).toEqual([]);
  });

  it("is the store, where there is none", async () => {
    const { secrets } = await encrypted();
    const all = credentials(firstAvailableSecrets([failing("UNSUPPORTED", "no keychain"), secrets]));
    await all.set("github", TOKEN);
    expect((await credentials(secrets).get("github"))?.secret.reveal()).toBe(TOKEN);
    expect(await all.names()).toEqual(["github"]);
    expect(await all.delete("github")).toBe(true);
  });

  it("is not passed over when it is locked", async () => {
    const { secrets } = await encrypted();
    const all = credentials(firstAvailableSecrets([failing("LOCKED", "locked"), secrets]));
    await expect(all.set("github", TOKEN)).rejects.toMatchObject({ code: "LOCKED" });
    expect(await secrets.names()).toEqual([]);
  });

  it("tells what each of them asks for, where there is none at all", async () => {
    const all = credentials(
      firstAvailableSecrets([failing("UNSUPPORTED", "install this"), failing("UNSUPPORTED", "start that")]),
    );
    await expect(all.get("github")).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/install this.*start that/),
    });
  });
});
