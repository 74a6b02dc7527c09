/** Every reason for which a Holdfast operation can fail. The codes are stable; the wording of messages is not. */
export type ErrorCode =
  /**
   * Something that the operation needs to exist (a store, a file to import, a version to restore) is not there. An absent key
   * is not an error. With `resync`: the feed of changes does not reach back to the cursor.
   */
  | "NOT_FOUND"
  /** The precondition did not hold: somebody else wrote first. `current` names the version that stands. */
  | "CONFLICT"
  /** The key or prefix breaks the rules for keys, which are the same on every backend. */
  | "INVALID_KEY"
  /** The value cannot be held exactly by its format. The message names the path inside the value. */
  | "INVALID_VALUE"
  /** An option, a setting or another argument is not what it may be. The message says what may. */
  | "INVALID_OPTION"
  /** This backend cannot do that. Nothing was changed. */
  | "UNSUPPORTED"
  /** Stored bytes fail their checksum, or the store is damaged or not ours. */
  | "CORRUPT"
  /** The value is encrypted, and no master key that is known here opens it; or there is no master key at all. */
  | "KEY_MISSING"
  /** The key is there, and what it encrypts is not as it was written; or a passphrase is wrong. */
  | "DECRYPT_FAILED"
  /** There is no room left, or not for a body of that size. */
  | "QUOTA_EXCEEDED"
  /** Somebody else holds the store and did not let go in time. */
  | "LOCKED"
  /** Nobody is signed in, or the one who is may not do that; for files: permission is denied. */
  | "UNAUTHORIZED"
  /** The backend cannot be reached just now. */
  | "UNAVAILABLE"
  /** It took longer than it was given. */
  | "TIMEOUT"
  /** The caller's signal fired. A write that had reached the backend may still take effect. */
  | "ABORTED"
  /** The data does not fit the schema of its collection, or its version cannot be brought to the code's. `issues` may tell where. */
  | "SCHEMA"
  /** The storage, or the view of it, was closed before. */
  | "CLOSED"
  /** A file of Holdfast could not be loaded, which the message says; else a fault of Holdfast or of an adapter: please report it. */
  | "INTERNAL";

/** One fault that a schema finds in data. */
export interface SchemaIssue {
  /** What is wrong, in the schema's own words. */
  message: string;
  /** Property names and array indexes from the value to the fault; empty for the value itself. */
  path: (string | number)[];
}

/** What an error tells beside its code and message. */
export interface StorageErrorDetails {
  /** The key that the operation was about. */
  key?: string | undefined;
  /** The name of the adapter that was asked. */
  adapter?: string | undefined;
  /** Whether the same call may succeed when it is made again without any change. Default: only for `UNAVAILABLE` and `LOCKED`. */
  retryable?: boolean | undefined;
  /** For `CONFLICT`: the version that stands, or null when nothing does. */
  current?: string | null | undefined;
  /** For `SCHEMA`: what is wrong with the data, where the schema says so. */
  issues?: readonly SchemaIssue[] | undefined;
  /** For `NOT_FOUND` of `changes`: the feed cannot go on from that cursor; everything has to be read anew. */
  resync?: true | undefined;
  /** What was thrown underneath. */
  cause?: unknown;
}

// Registered, so that errors are recognised across two copies of this package in one program.
const brand: unique symbol = Symbol.for("holdfast.StorageError");

/**
 * The one error that Holdfast throws.
 *
 * @example
 * try {
 *   await storage.save("a", 1, { ifVersion: null });
 * } catch (error) {
 *   if (StorageError.is(error, "CONFLICT")) console.log("somebody was first:", error.current);
 *   else throw error;
 * }
 */
export class StorageError extends Error {
  override readonly name = "StorageError";
  /** Stable, unlike the message. */
  readonly code: ErrorCode;
  /** The key that the operation was about, if it was about one. */
  readonly key: string | undefined;
  /** The name of the adapter that was asked, if one was. */
  readonly adapter: string | undefined;
  /** Whether the same call may succeed when it is made again without any change. */
  readonly retryable: boolean;
  /** For `CONFLICT`: the version that stands, or null when nothing does. */
  readonly current: string | null | undefined;
  /** For `SCHEMA`: what is wrong with the data, where the schema says so. */
  readonly issues: readonly SchemaIssue[] | undefined;
  /** For `NOT_FOUND` of `changes`: the feed cannot go on from that cursor; everything has to be read anew. */
  readonly resync: true | undefined;

  constructor(code: ErrorCode, message: string, details: StorageErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.key = details.key;
    this.adapter = details.adapter;
    this.retryable = details.retryable ?? (code === "UNAVAILABLE" || code === "LOCKED");
    this.current = details.current;
    this.issues = details.issues;
    this.resync = details.resync;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `error` is a StorageError, of any copy of this package; with `code`, whether it has that code. */
  static is(error: unknown, code?: ErrorCode): error is StorageError {
    return (
      typeof error === "object" &&
      error !== null &&
      (error as { [brand]?: unknown })[brand] === true &&
      (code === undefined || (error as StorageError).code === code)
    );
  }

  /** For logs and structured output: no stack, no cause, no value. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      ...(this.key === undefined ? {} : { key: this.key }),
      ...(this.adapter === undefined ? {} : { adapter: this.adapter }),
      ...(this.current === undefined ? {} : { current: this.current }),
      ...(this.issues === undefined ? {} : { issues: this.issues }),
      ...(this.resync === undefined ? {} : { resync: this.resync }),
      retryable: this.retryable,
    };
  }
}
