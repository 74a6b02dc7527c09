import type { OperationOptions } from "./options.js";
import type { Progress } from "./reports.js";

/** A master key and what is encrypted with it. */
export interface KeyUsage {
  id: string;
  /** New values are encrypted with it. */
  active: boolean;
  /** Whether the provider has it. False: what it encrypts cannot be read. */
  present: boolean;
  /** Items that need it, expired ones that were not swept included. */
  items: number;
  /** Kept versions that need it. */
  versions: number;
}

/** How `rotate` and `reencrypt` go about it. */
export interface RotateOptions extends OperationOptions {
  /** Go on with a run that was interrupted: under the active key, without making another one. Default: false. */
  resume?: boolean | undefined;
  /** Told of items and kept versions, `reencrypt` of items alone. When it throws or rejects, the call rejects with that error. */
  progress?: ((progress: Progress) => void) | undefined;
}

/** An item, or a kept version of one, that still needs another key, and why. */
export interface RotationFailure {
  key: string;
  version: string;
  /** A code of a StorageError. */
  code: string;
  message: string;
}

/** What `rotate` or `reencrypt` has done. */
export interface RotationReport {
  /** Nothing needs another key than the active one any more. */
  ok: boolean;
  /** The id of the active master key. */
  key: string;
  /** Items and kept versions whose header alone was written. */
  rewrapped: number;
  /** Items whose body was written too. */
  rewritten: number;
  /** Kept versions and expired items that were dropped. */
  dropped: number;
  /** What is not done. A run with `resume` tries again. */
  failures: RotationFailure[];
}

/** The master keys of an open storage, its whole store at once. */
export interface Keyring {
  /** Every key that the provider has or something is encrypted with, the active one first. Looks at every header. */
  keys(options?: OperationOptions): Promise<KeyUsage[]>;

  /**
   * Makes a new master key the active one and wraps the key of every item and kept version with it; bodies, versions and times stay. May be
   * interrupted anywhere: everything stays readable, and `resume` goes on. Other storages that are open on the store learn of
   * the new key when they meet it, and use it for new values once they are opened again.
   *
   * Where something is encrypted and nothing of it opens, no key is made: rejects with DECRYPT_FAILED where it is of another realm,
   * KEY_MISSING where its keys are elsewhere.
   */
  rotate(options?: RotateOptions): Promise<RotationReport>;

  /**
   * After a leak: makes a new master key the active one and encrypts every encrypted item anew, with fresh keys, as a new version; kept
   * versions under other keys are dropped. May be interrupted anywhere, and `resume` goes on. Makes no key where `rotate` makes none.
   */
  reencrypt(options?: RotateOptions): Promise<RotationReport>;

  /**
   * Has the provider forget a key. Rejects with CONFLICT while something needs it, INVALID_OPTION for the active key or one
   * that the provider does not have, UNSUPPORTED where keys are set from outside.
   */
  retire(id: string, options?: OperationOptions): Promise<void>;
}
