import { StorageError } from "@holdfast/core";
import { fromBase64Url, toBase64Url } from "../base64url.js";
import { MASTER_KEY_BYTES } from "../master-keys.js";
import { checkDerivation, type Derivation, deriveFrom } from "./derivation.js";

const FORMAT = 1;
const SALT_BYTES = 32;
const COMMITMENT_BYTES = 32;
const TAG_BYTES = 16;
const NONCE = new Uint8Array(12);
const ADDITIONAL = new TextEncoder().encode("holdfast/1 sealed-key");

/** What opens and seals the master keys of one passphrase; docs/encryption.md has the bytes. */
export class PassphraseSeal {
  readonly #passphrase: () => Promise<string>;
  readonly #random: (length: number) => Uint8Array;
  readonly #derivation: Derivation;
  /** Deriving is slow on purpose: once for each salt. */
  readonly #derived = new Map<string, Promise<CryptoKey>>();
  #salt: Uint8Array | undefined;
  #isRight = false;

  constructor(passphrase: () => Promise<string>, derivation: Derivation, random: (length: number) => Uint8Array) {
    this.#passphrase = passphrase;
    this.#derivation = derivation;
    this.#random = random;
  }

  async write(material: Uint8Array): Promise<string> {
    this.#salt ??= this.#random(SALT_BYTES);
    const salt = this.#salt;
    const wrapSalt = this.#random(SALT_BYTES);
    const root = await this.#root(salt, this.#derivation);
    const { key, commitment } = await wrapping(root, new Uint8Array(wrapSalt), "encrypt");
    const parameters = { name: "AES-GCM", iv: NONCE, additionalData: ADDITIONAL };
    const box = new Uint8Array(await crypto.subtle.encrypt(parameters, key, new Uint8Array(material)));
    const parts = { salt, wrapSalt, commitment, box };
    const text = Object.entries(parts).map(([name, bytes]) => [name, toBase64Url(bytes)] as const);
    return JSON.stringify({ holdfast: "sealed-key", v: FORMAT, ...this.#derivation, ...Object.fromEntries(text) });
  }

  /** Throws DECRYPT_FAILED for a wrong passphrase, CORRUPT for what is no sealed key. */
  async read(written: string): Promise<Uint8Array> {
    const { derivation, salt, wrapSalt, commitment, box } = parse(written);
    const root = await this.#root(salt, derivation);
    const expected = await wrapping(root, wrapSalt, "decrypt");
    if (!equal(expected.commitment, commitment)) {
      // One that has opened something is right, and this was sealed with another.
      if (!this.#isRight) this.#derived.clear();
      throw new StorageError("DECRYPT_FAILED", "the passphrase is not the one that this key was sealed with");
    }
    const parameters = { name: "AES-GCM", iv: NONCE, additionalData: ADDITIONAL };
    try {
      const material = new Uint8Array(await crypto.subtle.decrypt(parameters, expected.key, box));
      this.#salt ??= salt;
      this.#isRight = true;
      return material;
    } catch (cause) {
      throw corrupt(cause);
    }
  }

  #root(salt: Uint8Array, derivation: Derivation): Promise<CryptoKey> {
    const id = JSON.stringify([toBase64Url(salt), derivation]);
    const known = this.#derived.get(id);
    if (known !== undefined) return known;
    const root = this.#derive(salt, derivation);
    this.#derived.set(id, root);
    root.catch(() => this.#derived.delete(id));
    return root;
  }

  async #derive(salt: Uint8Array, derivation: Derivation): Promise<CryptoKey> {
    const passphrase = await this.#passphrase();
    if (typeof passphrase !== "string" || passphrase === "") {
      throw new StorageError("KEY_MISSING", "a passphrase is needed, and none was given");
    }
    const root = new Uint8Array(await deriveFrom(passphrase, salt, derivation));
    const key = await crypto.subtle.importKey("raw", root, "HKDF", false, ["deriveBits"]);
    root.fill(0);
    return key;
  }
}

async function wrapping(
  root: CryptoKey,
  salt: Uint8Array<ArrayBuffer>,
  usage: "encrypt" | "decrypt",
): Promise<{ key: CryptoKey; commitment: Uint8Array }> {
  const info = new TextEncoder().encode("holdfast/1 sealed-key");
  const parameters = { name: "HKDF", hash: "SHA-256", salt, info };
  const bits = new Uint8Array(await crypto.subtle.deriveBits(parameters, root, 512));
  const key = await crypto.subtle.importKey("raw", bits.slice(0, 32), "AES-GCM", false, [usage]);
  return { key, commitment: bits.slice(32) };
}

function parse(written: string) {
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(written) as Record<string, unknown>;
  } catch (cause) {
    throw corrupt(cause);
  }
  if (content["holdfast"] !== "sealed-key") throw corrupt();
  if (content["v"] !== FORMAT) {
    throw new StorageError("UNSUPPORTED", "the key was sealed by a newer version of Holdfast: update Holdfast");
  }
  const part = (name: string, length: number): Uint8Array<ArrayBuffer> => {
    const text = content[name];
    const bytes = typeof text === "string" && text.length <= 256 ? fromBase64Url(text) : undefined;
    if (bytes?.length !== length) throw corrupt();
    return new Uint8Array(bytes);
  };
  return {
    derivation: bounded(content),
    salt: part("salt", SALT_BYTES),
    wrapSalt: part("wrapSalt", SALT_BYTES),
    commitment: part("commitment", COMMITMENT_BYTES),
    box: part("box", MASTER_KEY_BYTES + TAG_BYTES),
  };
}

/** Parameters that are stored may be anybody's. */
function bounded(content: Record<string, unknown>): Derivation {
  try {
    return checkDerivation(content);
  } catch (cause) {
    throw corrupt(cause);
  }
}

function corrupt(cause?: unknown): StorageError {
  return new StorageError("CORRUPT", "what is kept there is no sealed key: restore it from a backup", { cause });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}
