import { StorageError } from "@holdfast/core";

/**
 * Named secrets of one app, wherever they are kept: text by name. What it rejects with is a StorageError that says what to install,
 * set or unlock: UNSUPPORTED where there is no such place on this machine, LOCKED, UNAVAILABLE. No error tells a secret.
 */
export interface SecretStore {
  /** Short, lower-case, stable: `os-keychain`. */
  readonly name: string;
  /** Undefined when there is none. */
  get(name: string): Promise<string | undefined>;
  /** Replaces what is there. */
  set(name: string, secret: string): Promise<void>;
  /** False when there was none. */
  delete(name: string): Promise<boolean>;
  /** Names only, ordered. */
  names(): Promise<string[]>;
}

/** Throws INVALID_OPTION unless it is text that every place can take as a name. */
export function checkName(what: string, name: unknown): asserts name is string {
  const isName =
    typeof name === "string" && name !== "" && name.length <= 200 && name.isWellFormed() && !/\p{Cc}/u.test(name);
  if (isName) return;
  throw new StorageError("INVALID_OPTION", `${what} is text of 1 to 200 characters without control characters`);
}
