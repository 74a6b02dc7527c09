import { type KeyProvider, StorageError } from "@holdfast/core";
import {
  credentials,
  environmentKeys,
  firstAvailable,
  holdsMasterKeys,
  keysIn,
  passphraseKeys,
} from "@holdfast/keychain";
import { describe, expect, it } from "vitest";
import { memorySecrets } from "./support/memory-secrets.js";

const QUICK = { kdf: "argon2id", memory: 8 * 1024, passes: 1, lanes: 1 } as const;

describe("a passphrase", () => {
  it("that is wrong opens nothing, and says so", async () => {
    const kept = new Map<string, string>();
    const open = (passphrase: string) =>
      passphraseKeys({ passphrase, secrets: memorySecrets(kept), derivation: QUICK });
    const { active } = await open("right").load();
    const error = await open("wrong")
      .load()
      .then(
        () => undefined,
        (reason: Error) => reason,
      );
    expect(error).toMatchObject({ code: "DECRYPT_FAILED" });
    expect(error?.message).not.toContain("wrong");
    expect((await open("right").load()).active).toBe(active);
    await expect(open("").load()).rejects.toMatchObject({ code: "KEY_MISSING" });
  });

  it("is the same however it was typed", async () => {
    const kept = new Map<string, string>();
    const open = (passphrase: string) =>
      passphraseKeys({ passphrase, secrets: memorySecrets(kept), derivation: QUICK });
    const { active } = await open("caf\u00e9").load();
    expect((await open("cafe\u0301").load()).active).toBe(active);
  });

  it("that is no text seals and opens nothing", async () => {
    const kept = new Map<string, string>();
    const load = (passphrase: string, secrets = memorySecrets(kept)) =>
      passphraseKeys({ passphrase, secrets, derivation: QUICK }).load();
    // Both are the same bytes once they are encoded.
    for (const passphrase of ["\ud800", "a\udfff"]) {
      await expect(load(passphrase)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
    expect(kept.size).toBe(0);
    await load("\ufffd");
    await expect(load("\ud800")).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  it("of two that come first at once opens the place, and the other one does not", async () => {
    const kept = new Map<string, string>();
    const asked = { one: 0, other: 0 };
    const open = (passphrase: keyof typeof asked) =>
      passphraseKeys({
        passphrase() {
          asked[passphrase]++;
          return passphrase;
        },
        secrets: memorySecrets(kept),
        derivation: QUICK,
      });
    await Promise.allSettled([open("one").load(), open("other").load()]);
    expect([...kept.keys()].filter((name) => name.startsWith("master-key/"))).toHaveLength(2);
    const active = kept.get("active-master-key");
    const results = await Promise.allSettled([open("one").load(), open("other").load()]);
    const statuses = results.map(({ status }) => status);
    expect([...statuses].sort()).toEqual(["fulfilled", "rejected"]);
    const [right, wrong] = statuses[0] === "fulfilled" ? (["one", "other"] as const) : (["other", "one"] as const);
    const provider = open(right);
    const { keys, active: loaded } = await provider.load();
    expect({ ids: keys.map(({ id }) => id), loaded }).toEqual({ ids: [active], loaded: active });
    // What did not open then is not asked for again.
    asked[right] = 0;
    await provider.load();
    expect((await provider.add?.())?.keys).toHaveLength(2);
    expect(asked[right]).toBe(0);
    asked[wrong] = 0;
    await expect(open(wrong).load()).rejects.toMatchObject({ code: "DECRYPT_FAILED" });
    expect(asked[wrong]).toBe(1);
    expect(kept.size).toBe(4);
  });

  it("may be asked again after it was wrong", async () => {
    const kept = new Map<string, string>();
    await passphraseKeys({ passphrase: "right", secrets: memorySecrets(kept), derivation: QUICK }).load();
    const answers = ["wrong", "right"];
    const provider = passphraseKeys({
      passphrase: () => answers.shift() ?? "",
      secrets: memorySecrets(kept),
      derivation: QUICK,
    });
    await expect(provider.load()).rejects.toMatchObject({ code: "DECRYPT_FAILED" });
    expect((await provider.load()).keys).toHaveLength(1);
  });

  it("never stands where its keys do, nor does a key", async () => {
    const kept = new Map<string, string>();
    const { keys } = await passphraseKeys({
      passphrase: "correct horse",
      secrets: memorySecrets(kept),
      derivation: QUICK,
    }).load();
    const text = JSON.stringify([...kept]);
    const [first] = keys as readonly { material: Uint8Array }[];
    const key = btoa(String.fromCharCode(...(first?.material ?? [])));
    expect(text).not.toContain("horse");
    expect(text).not.toContain(key.slice(0, 20));
    expect(text).toContain('\\"kdf\\":\\"argon2id\\",\\"memory\\":8192,\\"passes\\":1,\\"lanes\\":1');
  });

  it.each<[string, (sealed: Record<string, unknown>) => object, string[]]>([
    ["huge memory", () => ({ memory: 2 ** 40 }), ["CORRUPT"]],
    ["memory that is text", () => ({ memory: "8192" }), ["CORRUPT"]],
    ["many passes", () => ({ passes: 1e9 }), ["CORRUPT"]],
    ["no lanes", () => ({ lanes: 0 }), ["CORRUPT"]],
    ["another derivation", () => ({ kdf: "md5" }), ["CORRUPT"]],
    ["a weaker derivation", () => ({ kdf: "pbkdf2-sha256", iterations: 100_000 }), ["DECRYPT_FAILED"]],
    ["one iteration", () => ({ kdf: "pbkdf2-sha256", iterations: 1 }), ["CORRUPT"]],
    ["a newer format", () => ({ v: 2 }), ["UNSUPPORTED"]],
    ["a huge salt", () => ({ salt: "A".repeat(1e6) }), ["CORRUPT"]],
    ["a changed salt", ({ salt }) => ({ salt: flipped(salt) }), ["DECRYPT_FAILED"]],
    ["a changed commitment", ({ commitment }) => ({ commitment: flipped(commitment) }), ["DECRYPT_FAILED"]],
    ["a changed box", ({ box }) => ({ box: flipped(box) }), ["CORRUPT"]],
    ["no box", () => ({ box: undefined }), ["CORRUPT"]],
  ])("meets %s in what is stored, and refuses it at once", async (_name, change, codes) => {
    const kept = new Map<string, string>();
    const open = () => passphraseKeys({ passphrase: "right", secrets: memorySecrets(kept), derivation: QUICK });
    const { active } = await open().load();
    const sealed = JSON.parse(kept.get(`master-key/${active}`) ?? "") as Record<string, unknown>;
    kept.set(`master-key/${active}`, JSON.stringify({ ...sealed, ...change(sealed) }));
    const error = await open()
      .load()
      .then(
        () => undefined,
        (reason: StorageError) => reason,
      );
    expect(codes).toContain(error?.code);
  });

  it.each([{ memory: 1 }, { passes: 0 }, { lanes: 100 }, { kdf: "scrypt" }])("is not derived with %o", (change) => {
    const derivation = { ...QUICK, ...change } as never;
    expect(() => passphraseKeys({ passphrase: "x", secrets: memorySecrets(), derivation })).toThrow(StorageError);
  });
});

describe("the environment", () => {
  const key = btoa(String.fromCharCode(...new Uint8Array(32).fill(7)));
  const other = "A".repeat(43);

  it("has keys, the active one first", async () => {
    const { active, keys } = await environmentKeys({ environment: { HOLDFAST_KEYS: ` ${key} , ${other}` } }).load();
    expect(keys).toHaveLength(2);
    expect(keys[0]?.id).toBe(active);
    expect(keys[0]?.material).toEqual(new Uint8Array(32).fill(7));
    expect((await environmentKeys({ variable: "K", environment: { K: other } }).load()).keys[0]?.material).toEqual(
      new Uint8Array(32),
    );
  });

  it("that has none says what to set", async () => {
    for (const environment of [{}, { HOLDFAST_KEYS: " " }]) {
      await expect(environmentKeys({ environment }).load()).rejects.toMatchObject({
        code: "KEY_MISSING",
        message: expect.stringContaining("HOLDFAST_KEYS"),
      });
    }
    await expect(environmentKeys().load()).rejects.toMatchObject({ code: "KEY_MISSING" });
  });

  it("is refused the name of a variable that is no text", () => {
    for (const variable of [1n, Object.create(null), Symbol("s")]) {
      expect(() => environmentKeys({ variable: variable as never })).toThrow(
        expect.objectContaining({ code: "INVALID_OPTION" }),
      );
    }
  });

  it("that has something else does not tell what", async () => {
    for (const text of ["hunter2", `${key},hunter2`, `${key},`, key.slice(4)]) {
      const error = await environmentKeys({ environment: { HOLDFAST_KEYS: text } })
        .load()
        .then(
          () => undefined,
          (reason: Error) => reason,
        );
      expect(error).toMatchObject({ code: "INVALID_OPTION" });
      expect(error?.message).not.toContain("hunter2");
      expect(error?.message).not.toContain(key.slice(0, 8));
    }
  });
});

describe("a place for secrets", () => {
  it("tells whether it holds master keys, and makes none by that", async () => {
    const secrets = memorySecrets();
    await credentials(secrets).set("master-key/github", "a token");
    expect(await holdsMasterKeys(secrets)).toBe(false);
    expect(await secrets.names()).toHaveLength(1);
    await keysIn(secrets).load();
    expect(await holdsMasterKeys(secrets)).toBe(true);
  });
});

describe("the first that is available", () => {
  const failing = (code: ConstructorParameters<typeof StorageError>[0], add = true): KeyProvider => ({
    name: `${code} provider`,
    load: () => Promise.reject(new StorageError(code, `mend ${code}`)),
    ...(add && { add: () => Promise.reject(new Error("not asked")) }),
  });

  it("is taken, past those that are not there", async () => {
    const chosen = firstAvailable([
      failing("UNSUPPORTED"),
      environmentKeys({ environment: {} }),
      keysIn(memorySecrets()),
    ]);
    const { active } = await chosen.load();
    expect((await chosen.add?.())?.keys).toHaveLength(2);
    expect((await chosen.remove?.(active))?.keys).toHaveLength(1);
  });

  it.each(["LOCKED", "UNAVAILABLE", "KEY_MISSING", "UNAUTHORIZED"] as const)(
    "does not pass over one that is %s",
    async (code) => {
      await expect(firstAvailable([failing(code), keysIn(memorySecrets())]).load()).rejects.toMatchObject({ code });
    },
  );

  it("of none is an error that says what each of them needs", async () => {
    await expect(
      firstAvailable([failing("UNSUPPORTED"), environmentKeys({ environment: {} })]).load(),
    ).rejects.toMatchObject({
      code: "KEY_MISSING",
      message: expect.stringMatching(/mend UNSUPPORTED.*HOLDFAST_KEYS/),
    });
  });

  it("says so where its keys are set from outside", async () => {
    const chosen = firstAvailable([environmentKeys({ environment: { HOLDFAST_KEYS: "A".repeat(43) } })]);
    await expect(chosen.add?.()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await expect(chosen.remove?.("x")).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});

function flipped(text: unknown): string {
  const known = String(text);
  return (known.startsWith("A") ? "B" : "A") + known.slice(1);
}
