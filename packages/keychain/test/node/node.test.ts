import { argon2Sync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { openStorage } from "@holdfast/core";
import { environmentKeys, passphraseKeys, Secret } from "@holdfast/keychain";
import { fileSecrets, type Keytar, keytarKeychain, keytarSecrets, osSecrets } from "@holdfast/keychain/node";
import { memory } from "@holdfast/memory";
import { afterAll, describe, expect, it } from "vitest";
import { keychainError } from "../../dist/node/keychain-error.js";
import { deriveFrom } from "../../dist/passphrase/derivation.js";
import { keyProviderContract } from "../support/provider-contract.js";

const QUICK = { kdf: "argon2id", memory: 8 * 1024, passes: 1, lanes: 1 } as const;
const made: string[] = [];

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-keychain-"));
  made.push(path);
  return path;
}

afterAll(async () => {
  for (const path of made) await rm(path, { recursive: true });
});

function fakeKeytar(): Keytar {
  const kept = new Map<string, string>();
  const place = (service: string, account: string) => `${service}\n${account}`;
  return {
    getPassword: async (service, account) => kept.get(place(service, account)) ?? null,
    setPassword: async (service, account, password) => void kept.set(place(service, account), password),
    deletePassword: async (service, account) => kept.delete(place(service, account)),
    findCredentials: async (service) =>
      [...kept].flatMap(([key, password]) => {
        const [of = "", account = ""] = key.split("\n");
        return of === service ? [{ account, password }] : [];
      }),
  };
}

keyProviderContract("passphrase, in files", async () => {
  const path = await directory();
  const open = () => passphraseKeys({ passphrase: "x", secrets: fileSecrets({ directory: path }), derivation: QUICK });
  return { open };
});

keyProviderContract("keytar", () => {
  const keytar = fakeKeytar();
  return { open: () => keytarKeychain({ service: "app", keytar }) };
});

describe("argon2id", () => {
  it("is what node:crypto makes of the same parameters", async () => {
    for (const [memoryKiB, passes, lanes] of [
      [8 * 1024, 1, 1],
      [16 * 1024, 3, 4],
    ] as const) {
      const salt = new Uint8Array(32).fill(9);
      const derivation = { kdf: "argon2id", memory: memoryKiB, passes, lanes } as const;
      const options = { message: "päss", nonce: salt, parallelism: lanes, tagLength: 32, memory: memoryKiB, passes };
      expect(Buffer.from(await deriveFrom("päss", salt, derivation))).toEqual(argon2Sync("argon2id", options));
    }
  });
});

describe("files of secrets", () => {
  it("are the owner's alone, whole, and of any name", async () => {
    const path = await directory();
    const secrets = fileSecrets({ directory: join(path, "keys") });
    const names = ["../../escape", "a/b", "CON", "ü", "a".repeat(150)];
    expect(await secrets.names()).toEqual([]);
    for (const name of names) await secrets.set(name, `of ${name}`);
    expect(await secrets.names()).toEqual([...names].sort());
    for (const name of names) expect(await secrets.get(name)).toBe(`of ${name}`);
    expect(await readdir(path)).toEqual(["keys"]);
    for (const file of await readdir(join(path, "keys"))) {
      expect((await stat(join(path, "keys", file))).mode & 0o077).toBe(0);
      expect(file).toMatch(/\.secret$/);
    }
    expect(await secrets.delete("CON")).toBe(true);
    expect(await secrets.delete("CON")).toBe(false);
    expect(await secrets.get("CON")).toBeUndefined();
  });

  it("that cannot be made say why", async () => {
    const path = await directory();
    await writeFile(join(path, "file"), "x");
    const secrets = fileSecrets({ directory: join(path, "file", "below") });
    await expect(secrets.set("a", "b")).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
    expect(() => fileSecrets({ directory: "" })).toThrow("directory");
  });
});

describe("a keychain that cannot be used", () => {
  it("is told apart by what to do about it, and never with a secret", () => {
    const nothing = { hasService: false, hasBus: false };
    const told = (message: string, machine = nothing) => keychainError(new Error(message), machine).code;
    expect(told("The collection is locked")).toBe("LOCKED");
    expect(told("User interaction is not allowed.")).toBe("LOCKED");
    expect(told("The name org.freedesktop.secrets was not provided by any .service files")).toBe("UNSUPPORTED");
    expect(told("Cannot autolaunch D-Bus without X11 $DISPLAY")).toBe("UNSUPPORTED");
    // Secrets may have been kept there before: it is not passed over for another place.
    const installed = { hasService: true, hasBus: false };
    expect(told("The name org.freedesktop.secrets was not provided by any .service files", installed)).toBe(
      "UNAVAILABLE",
    );
    for (const out of [
      "Cannot autolaunch D-Bus without X11 $DISPLAY",
      "No such file or directory",
      "Connection refused",
    ]) {
      expect(told(out)).toBe("UNSUPPORTED");
      expect(told(out, installed)).toBe("UNAVAILABLE");
      expect(told(out, { hasService: false, hasBus: true })).toBe("UNAVAILABLE");
    }
    expect(told("DBus error: Process org.freedesktop.secrets exited with status 1")).toBe("UNAVAILABLE");
    expect(told("Access denied")).toBe("UNAUTHORIZED");
    expect(told("Attribute 'password' is longer than platform limit of 2560 chars")).toBe("INVALID_VALUE");
    expect(told("what is this")).toBe("UNAVAILABLE");
  });

  it("says how to get keytar where it is not built", async () => {
    const secrets = keytarSecrets({ service: "app" });
    await expect(secrets.get("a")).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("npm install keytar"),
    });
    expect(() => osSecrets({ service: "" })).toThrow("service");
  });
});

it("a Secret is not shown by inspecting what holds it", () => {
  const shown = inspect({ deep: [new Secret("hunter2")] }, { depth: 9, showHidden: true });
  expect(shown).toContain("[secret]");
  expect(shown).not.toContain("hunter2");
});

it("the environment of the process is where keys are looked for", async () => {
  process.env["HOLDFAST_TEST_KEYS"] = Buffer.alloc(32, 1).toString("base64");
  const storage = await openStorage(memory(), {
    encryption: { keys: environmentKeys({ variable: "HOLDFAST_TEST_KEYS" }) },
  });
  expect(await storage.save("a", 1)).toMatchObject({ encrypted: true });
  delete process.env["HOLDFAST_TEST_KEYS"];
});

it("no file of sealed keys tells a key", async () => {
  const path = await directory();
  const { keys } = await passphraseKeys({
    passphrase: "x",
    secrets: fileSecrets({ directory: path }),
    derivation: QUICK,
  }).load();
  const key = Buffer.from(keys[0]?.material as Uint8Array);
  for (const file of await readdir(path)) {
    const content = await readFile(join(path, file), "utf8");
    for (const form of ["hex", "base64", "base64url"] as const)
      expect(content).not.toContain(key.toString(form).slice(0, 16));
  }
});
