import type { ErrorCode } from "@holdfast/core";

/** The next step for what is not opened: it is not to be called damaged, still less deleted, before the right keys were tried. */
export const RIGHT_KEYS =
  "--keys and --realm as the app has them; what these do not open either was changed: restore it from a copy";

interface Coded {
  /** A code of a StorageError. */
  readonly code: string;
}

/** Whether something that is encrypted is not opened by the keys at hand, which may be others than those that it was encrypted with. */
export function isUnopened({ code }: Coded): boolean {
  return code === "KEY_MISSING" || code === "DECRYPT_FAILED";
}

/** The code with which a command fails where this is the first of what is not opened. */
export function codeOfUnopened(first: Coded | undefined): ErrorCode {
  return first?.code === "KEY_MISSING" ? "KEY_MISSING" : "DECRYPT_FAILED";
}
