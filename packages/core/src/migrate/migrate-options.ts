import type { MigrateOptions } from "../contract/migration.js";
import {
  rejectUnknown,
  requireBoolean,
  requireConcurrency,
  requireFunction,
  requireObject,
  signalOf,
} from "../engine/arguments.js";
import { unlike } from "../invalid-option.js";
import { checkPrefix } from "../keys.js";

const OPTIONS = [
  "prefix",
  "filter",
  "transform",
  "conflict",
  "validate",
  "history",
  "backup",
  "journal",
  "concurrency",
  "bandwidth",
  "dryRun",
  "reencrypt",
  "progress",
  "onEvent",
  "signal",
];
const POLICIES: readonly unknown[] = ["stop", "skip", "overwrite", "newer", "keep-both"];

/** Throws INVALID_OPTION, and INVALID_KEY for the prefix. */
export function checkMigrateOptions(options: MigrateOptions): void {
  rejectUnknown("option", options, OPTIONS);
  const { prefix = "", conflict = "stop", concurrency = 1, bandwidth = 1, journal } = options;
  checkPrefix(prefix);
  if (!POLICIES.includes(conflict)) {
    throw unlike(`conflict is one of ${POLICIES.join(", ")}`, conflict);
  }
  const { validate = true, history = false, dryRun = false, reencrypt = false } = options;
  for (const [name, value] of Object.entries({ validate, history, dryRun, reencrypt })) requireBoolean(name, value);
  requireConcurrency(concurrency);
  if (typeof bandwidth !== "number" || !(bandwidth >= 1)) {
    throw unlike("bandwidth is a number of bytes a second, at least 1", bandwidth);
  }
  const { filter, transform, progress, onEvent } = options;
  for (const [name, value] of Object.entries({ filter, transform, progress, onEvent })) {
    if (value !== undefined) requireFunction(name, value);
  }
  if (journal !== undefined) {
    requireObject("journal is an object with read, append and clear", journal);
    for (const name of ["read", "append", "clear"] as const) requireFunction(`journal.${name}`, journal[name]);
  }
  signalOf(options);
}
