import type { StorageEngine } from "@holdfast/core";
import { CommandError, UsageError } from "./failure.js";

/** Of the commands that work on a part of a store, for `Command.option`. */
export const PREFIX_FLAG = ["--prefix <prefix>", "only keys that start so"] as const;

export interface PrefixFlags {
  prefix?: string;
}

/** The prefix of a command that takes it by its place as well. Undefined where there is none. */
export function prefixOf(placed: string | undefined, { prefix }: PrefixFlags): string | undefined {
  if (placed !== undefined && prefix !== undefined) throw new UsageError("the prefix is given twice");
  return prefix ?? placed;
}

/** Throws NOT_FOUND where no key of a store begins so, before anything is made for what it holds. */
export async function requireKeys(
  storage: StorageEngine,
  store: string,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  if (prefix !== "" && (await storage.count({ prefix, signal })) === 0) throw noKeyBegins(prefix, store);
}

/** Nothing was looked at, so that nothing is known to be well: most likely the prefix is mistyped. */
export function noKeyBegins(prefix: string, store: string, other?: string): CommandError {
  const stores = other === undefined ? store : `${store} or ${other}`;
  return new CommandError(
    "NOT_FOUND",
    `no key in ${stores} begins with ${JSON.stringify(prefix)}`,
    `another prefix, or \`holdfast ls ${store}\`, which lists the keys`,
  );
}
