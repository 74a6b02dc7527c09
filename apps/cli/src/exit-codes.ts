import type { ErrorCode } from "@holdfast/core";

/** Stable: scripts rely on them. Described in docs/cli.md. 11, a Node that is too old, is in require-node.ts. */
export const EXIT = {
  ok: 0,
  /** The command did its work, and not all is well: some items failed or were left out, a check found something. */
  incomplete: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  invalidInput: 5,
  corrupt: 6,
  unavailable: 7,
  denied: 8,
  full: 9,
  unsupported: 10,
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_OF_CODE: Readonly<Record<ErrorCode | "USAGE" | "INCOMPLETE", ExitCode>> = {
  USAGE: EXIT.usage,
  INCOMPLETE: EXIT.incomplete,
  INVALID_OPTION: EXIT.usage,
  INVALID_KEY: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  CONFLICT: EXIT.conflict,
  INVALID_VALUE: EXIT.invalidInput,
  SCHEMA: EXIT.invalidInput,
  CORRUPT: EXIT.corrupt,
  LOCKED: EXIT.unavailable,
  UNAVAILABLE: EXIT.unavailable,
  TIMEOUT: EXIT.unavailable,
  CLOSED: EXIT.unavailable,
  UNAUTHORIZED: EXIT.denied,
  KEY_MISSING: EXIT.denied,
  DECRYPT_FAILED: EXIT.denied,
  QUOTA_EXCEEDED: EXIT.full,
  UNSUPPORTED: EXIT.unsupported,
  ABORTED: EXIT.interrupted,
  INTERNAL: EXIT.internal,
};
