import { StorageError } from "@holdfast/core";
import { argon2id } from "hash-wasm";

/**
 * How a key is derived from a passphrase. Stored beside what it opens, and so taken from who can write there: `checkDerivation` bounds it
 * before anything is allocated.
 */
export type Derivation = Argon2Derivation | Pbkdf2Derivation;

/** By argon2id (RFC 9106). */
export interface Argon2Derivation {
  readonly kdf: "argon2id";
  /** KiB of memory. */
  readonly memory: number;
  /** Over that memory. */
  readonly passes: number;
  /** Threads' worth of work in each pass. */
  readonly lanes: number;
}

/** For places without WebAssembly only: it costs an attacker with graphics cards far less than argon2id does. */
export interface Pbkdf2Derivation {
  readonly kdf: "pbkdf2-sha256";
  readonly iterations: number;
}

/** The second recommended option of RFC 9106: about a fifth of a second. */
export const DEFAULT_DERIVATION: Argon2Derivation = { kdf: "argon2id", memory: 64 * 1024, passes: 3, lanes: 4 };
/** What OWASP asks for. */
export const PBKDF2_FALLBACK: Pbkdf2Derivation = { kdf: "pbkdf2-sha256", iterations: 600_000 };

const BOUNDS = {
  memory: [8 * 1024, 1024 * 1024],
  passes: [1, 16],
  lanes: [1, 16],
  iterations: [100_000, 10_000_000],
} as const;

/** Throws INVALID_OPTION for what is none, or would cost too much, or too little to protect anything. */
export function checkDerivation(value: unknown): Derivation {
  const { kdf, memory, passes, lanes, iterations } = (value ?? {}) as Record<string, unknown>;
  if (kdf === "argon2id") {
    return { kdf, memory: within("memory", memory), passes: within("passes", passes), lanes: within("lanes", lanes) };
  }
  if (kdf === "pbkdf2-sha256") return { kdf, iterations: within("iterations", iterations) };
  throw new StorageError(
    "INVALID_OPTION",
    `a key is derived by "argon2id", or by "pbkdf2-sha256" where there is no WebAssembly`,
  );
}

/** 32 bytes. Throws INVALID_OPTION for a passphrase that is no text, UNSUPPORTED where argon2id cannot run. */
export async function deriveFrom(passphrase: string, salt: Uint8Array, derivation: Derivation): Promise<Uint8Array> {
  // All halves of pairs become the same bytes: another passphrase would open what one of them sealed.
  if (!passphrase.isWellFormed()) {
    throw new StorageError("INVALID_OPTION", "a passphrase is text: this one has half of a surrogate pair in it");
  }
  // The same passphrase is typed in different normal forms on different systems.
  const password = new TextEncoder().encode(passphrase.normalize("NFC"));
  if (derivation.kdf === "pbkdf2-sha256") return pbkdf2(password, salt, derivation.iterations);
  if (typeof WebAssembly === "undefined") {
    throw new StorageError(
      "UNSUPPORTED",
      `argon2id needs WebAssembly, which is not here: allow it, or choose the weaker derivation "pbkdf2-sha256" on purpose`,
    );
  }
  const { memory, passes, lanes } = derivation;
  return argon2id({
    password,
    salt,
    memorySize: memory,
    iterations: passes,
    parallelism: lanes,
    hashLength: 32,
    outputType: "binary",
  });
}

async function pbkdf2(password: Uint8Array<ArrayBuffer>, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(salt), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}

function within(name: keyof typeof BOUNDS, value: unknown): number {
  const [least, most] = BOUNDS[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new StorageError("INVALID_OPTION", `${name} of a derivation is a whole number from ${least} to ${most}`);
}
