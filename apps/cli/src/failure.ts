import { type ErrorCode, StorageError } from "@holdfast/core";
import { EXIT_OF_CODE, type ExitCode } from "./exit-codes.js";

/** The command line does not mean anything: nothing was done. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Something went wrong for which the command itself knows the next step. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: ErrorCode;
  readonly hint: string;
  readonly key: string | undefined;
  readonly adapter: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    hint: string,
    key?: string,
    options?: ErrorOptions & { readonly adapter?: string | undefined },
  ) {
    super(message, options);
    this.code = code;
    this.hint = hint;
    this.key = key;
    this.adapter = options?.adapter;
  }
}

/** The work was done, and not all is well: what was printed names what is missing. */
export class IncompleteError extends Error {
  override readonly name = "IncompleteError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** A line on stderr. */
export interface Advice {
  message: string;
  /** The next step. */
  hint: string;
}

/** What is told about an error, on stderr; with --json as an object of this shape below `error`. */
export interface Failure extends Advice {
  /** One of core's error codes, USAGE, or INCOMPLETE. */
  code: ErrorCode | "USAGE" | "INCOMPLETE";
  exitCode: ExitCode;
  key?: string;
  adapter?: string;
  /** Whether the same command may succeed when it is simply run again. */
  retryable: boolean;
}

/** `help` is the command that explains the usage at hand. */
export function describeFailure(error: unknown, help: string): Failure {
  if (error instanceof UsageError) return failure("USAGE", error.message, error.hint ?? help, {});
  if (error instanceof IncompleteError) return failure("INCOMPLETE", error.message, error.hint, {});
  if (error instanceof CommandError) return failure(error.code, error.message, error.hint, error);
  if (StorageError.is(error)) {
    const { key, adapter, retryable } = error;
    const lasting = error.code === "UNAVAILABLE" && !retryable;
    const hint = lasting ? "another path, or look at the disk" : (HINTS[error.code] ?? help);
    return failure(error.code, error.message, hint, { key, adapter, retryable });
  }
  if (isSystemError(error)) {
    const code = codeOfSystemError(error);
    return failure(code, error.message, HINTS_FOR_FILES[code] ?? HINTS[code] ?? help, {});
  }
  const reason = error instanceof Error ? error.message : String(error);
  return failure("INTERNAL", `unexpected failure: ${reason}`, HINTS.INTERNAL ?? help, {});
}

/**
 * The error to tell of work that was broken off and may have left something behind, which the same command would find instead of
 * going on: `again` is what to do in place of that. `interrupted` tells of an interruption.
 */
export function brokenOff(
  error: unknown,
  signal: AbortSignal,
  { interrupted, again }: { interrupted: string; again: string },
): unknown {
  if (signal.aborted) return new CommandError("ABORTED", interrupted, again);
  const { code, message, hint, key, adapter } = describeFailure(error, "");
  // What a command itself says of the next step takes that into account; and where there is none, its help is no part of one.
  if (code === "USAGE" || code === "INCOMPLETE" || error instanceof CommandError) return error;
  if (hint === "" || again === "again") return error;
  const next = /^again\b/.test(hint) ? hint.replace("again", again) : `${hint}; then ${again}`;
  return new CommandError(code, message, next, key, { cause: error, adapter });
}

/** What the system says when a file cannot be used: `code` and `syscall` beside the message. */
export function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}

/** What the system says of one file, where others may fare better. */
export function isOfOneFile(error: unknown): error is Error & { code: string } {
  return isSystemError(error) && error.code !== "EMFILE";
}

/** The code of an error that `isSystemError`. */
export function codeOfSystemError({ code }: { code: string }): ErrorCode {
  return CODE_OF_SYSTEM_ERROR[code] ?? "UNAVAILABLE";
}

/** "holdfast: there is no such key — try: holdfast ls sqlite:./app.db". One line, whatever the message holds. */
export function failureLine({ message, hint }: Advice): string {
  return `holdfast: ${message} — try: ${hint}`.replace(/\s*[\r\n]+\s*/g, " ");
}

function failure(
  code: Failure["code"],
  message: string,
  hint: string,
  { key, adapter, retryable = false }: { key?: string | undefined; adapter?: string | undefined; retryable?: boolean },
): Failure {
  return {
    code,
    message,
    hint,
    exitCode: EXIT_OF_CODE[code],
    ...(key === undefined ? {} : { key }),
    ...(adapter === undefined ? {} : { adapter }),
    retryable,
  };
}

// Where a code is missing, the help of the command is the next step.
const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  INVALID_KEY: 'another key: segments between "/" are not empty, not "." or "..", and have no control characters',
  INVALID_VALUE: "another --format, or --format binary to keep the bytes as they are",
  CONFLICT: "look at what stands with `holdfast get --json`, then decide",
  CORRUPT: "another path if that is not your store, else restore what is damaged from a copy",
  LOCKED: "again when the other program has closed the store",
  UNAVAILABLE: "again",
  TIMEOUT: "again",
  CLOSED: "again",
  KEY_MISSING: "--keys, which says where the master keys are",
  DECRYPT_FAILED: "--keys and --realm as the app has them, or its passphrase once more",
  UNAUTHORIZED: "as a user who may read and write there, or another place",
  QUOTA_EXCEEDED: "again when there is room",
  UNSUPPORTED: "`holdfast doctor`, which shows the adapters found",
  ABORTED: "again",
  INTERNAL: "again with --verbose, and report what it prints",
};

const HINTS_FOR_FILES: Readonly<Partial<Record<ErrorCode, string>>> = {
  NOT_FOUND: "another path",
  INVALID_OPTION: "another path",
};

const CODE_OF_SYSTEM_ERROR: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "NOT_FOUND",
  ENOTDIR: "INVALID_OPTION",
  EISDIR: "INVALID_OPTION",
  ENAMETOOLONG: "INVALID_OPTION",
  EACCES: "UNAUTHORIZED",
  EPERM: "UNAUTHORIZED",
  EROFS: "UNAUTHORIZED",
  ENOSPC: "QUOTA_EXCEEDED",
  EDQUOT: "QUOTA_EXCEEDED",
};
