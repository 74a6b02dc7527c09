import { StorageError } from "@holdfast/core";

interface Reason {
  readonly says: RegExp;
  readonly code: "LOCKED" | "UNAVAILABLE" | "UNSUPPORTED" | "UNAUTHORIZED" | "INVALID_VALUE";
  readonly message: string;
}

const NO_SERVICE = "install and start gnome-keyring, KWallet or KeePassXC, or use another provider of keys";

/** What the libraries under a keychain say, in the order in which to look. */
const REASONS: readonly Reason[] = [
  {
    says: /lock|prompt|dismissed|interaction is not allowed/i,
    code: "LOCKED",
    message: "the keychain is locked: unlock it and try again",
  },
  // Of a Secret Service without a default collection.
  {
    says: /no result found/i,
    code: "LOCKED",
    message: "there is no keyring in the Secret Service: unlock or create one and try again",
  },
  {
    says: /denied|not authorized|auth failed|user canceled/i,
    code: "UNAUTHORIZED",
    message: "the keychain refused: allow this program in it",
  },
  {
    says: /too long|longer than|exceeds/i,
    code: "INVALID_VALUE",
    message: "the secret is longer than this keychain takes",
  },
  {
    says: /ServiceUnknown|not provided by any|was not provided|org\.freedesktop\.secrets/i,
    code: "UNSUPPORTED",
    message: `no Secret Service runs here: ${NO_SERVICE}`,
  },
  {
    says: /dbus|d-bus|zbus|socket|autolaunch|address|no such file|connection refused/i,
    code: "UNSUPPORTED",
    message: `there is no D-Bus session, and so no Secret Service: ${NO_SERVICE}`,
  },
];

/** What a keychain failed with, typed. Never with a secret: of the cause only its message is kept. */
export function keychainError(error: unknown): StorageError {
  const told = messages(error).join(": ");
  const cause = new Error(told);
  const reason = REASONS.find(({ says }) => says.test(told));
  if (reason !== undefined) return new StorageError(reason.code, reason.message, { retryable: false, cause });
  return new StorageError("UNAVAILABLE", `the keychain failed: ${told}`, { retryable: false, cause });
}

function messages(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return error.cause === undefined ? [error.message] : [error.message, ...messages(error.cause)];
}
