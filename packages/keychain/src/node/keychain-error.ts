import { StorageError } from "@holdfast/core";
import { type SecretServiceSigns, secretServiceSigns } from "./secret-service.js";

type Told = readonly [
  code: "LOCKED" | "UNAVAILABLE" | "UNSUPPORTED" | "UNAUTHORIZED" | "INVALID_VALUE",
  message: string,
];

interface Reason {
  readonly says: RegExp;
  readonly means: Told | ((signs: SecretServiceSigns) => Told);
}

const NO_SERVICE = "install and start gnome-keyring, KWallet or KeePassXC, or use another provider of keys";
const OUT_OF_REACH =
  "the keychain of this machine is out of reach from here: run this in the user's own session, which cron, ssh and sudo are not in, or name another provider of keys alone";

/** What the libraries under a keychain say, in the order in which to look. */
const REASONS: readonly Reason[] = [
  {
    says: /lock|prompt|dismissed|interaction is not allowed/i,
    means: ["LOCKED", "the keychain is locked: unlock it and try again"],
  },
  // Of a Secret Service without a default collection.
  {
    says: /no result found/i,
    means: ["LOCKED", "there is no keyring in the Secret Service: unlock or create one and try again"],
  },
  {
    says: /denied|not authorized|auth failed|user canceled/i,
    means: ["UNAUTHORIZED", "the keychain refused: allow this program in it"],
  },
  {
    says: /too long|longer than|exceeds/i,
    means: ["INVALID_VALUE", "the secret is longer than this keychain takes"],
  },
  // It is there, and did not start or answer.
  {
    says: /exited with status|received signal|failed to (activate|execute)|did not receive a reply|timed out/i,
    means: ["UNAVAILABLE", `the Secret Service does not answer; ${OUT_OF_REACH}`],
  },
  {
    says: /ServiceUnknown|NameHasNoOwner|not provided by any/i,
    means: ({ hasService }) =>
      hasService
        ? ["UNAVAILABLE", `no Secret Service runs here; ${OUT_OF_REACH}`]
        : ["UNSUPPORTED", `no Secret Service runs here: ${NO_SERVICE}`],
  },
  {
    says: /dbus|d-bus|zbus|socket|autolaunch|address|no such file|connection refused/i,
    // Where one may have kept something, another place would have other keys than this one.
    means: ({ hasService, hasBus }) =>
      hasService || hasBus
        ? ["UNAVAILABLE", `there is no D-Bus session; ${OUT_OF_REACH}`]
        : ["UNSUPPORTED", `there is no D-Bus session, and so no Secret Service: ${NO_SERVICE}`],
  },
];

/** What a keychain failed with, typed. Never with a secret: of the cause only its message is kept. */
export function keychainError(error: unknown, signs?: SecretServiceSigns): StorageError {
  const told = messages(error).join(": ");
  const cause = new Error(told);
  const means = REASONS.find(({ says }) => says.test(told))?.means ?? ["UNAVAILABLE", `the keychain failed: ${told}`];
  const [code, message] = typeof means === "function" ? means(signs ?? secretServiceSigns()) : means;
  return new StorageError(code, message, { retryable: false, cause });
}

function messages(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return error.cause === undefined ? [error.message] : [error.message, ...messages(error.cause)];
}
