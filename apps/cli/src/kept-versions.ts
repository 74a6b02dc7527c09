import type { OperationOptions, PreviousVersion, StorageEngine, StorageItem, StorageSettings } from "@holdfast/core";
import { CommandError, UsageError } from "./failure.js";
import { countOf } from "./terminal/index.js";

/** What a store has of one key, through time. */
export interface KeptVersions {
  standing: StorageItem | undefined;
  /** Newest first. */
  previous: PreviousVersion[];
}

/** Of the commands that replace or delete, for `Command.option`. */
export const HISTORY_FLAG = [
  "--history",
  "keep what this replaces or deletes as a previous version; without it file: stores keep three for seven days, others none",
] as const;

/** Keeps everything: what others keep must not be dropped by a limit of ours. Their own next write applies theirs. */
export function historySettings(history: boolean | undefined): StorageSettings {
  return history ? { history: { versions: Number.MAX_SAFE_INTEGER } } : {};
}

/** Both as of one moment. */
export async function keptVersions(
  storage: StorageEngine,
  key: string,
  options: OperationOptions,
): Promise<KeptVersions> {
  let standing = await storage.stat(key, options);
  for (;;) {
    const previous = await storage.history(key, options);
    const after = await storage.stat(key, options);
    if (after?.version === standing?.version) return { standing, previous };
    standing = after;
  }
}

/**
 * A version of a key as people name it: by its place in the log (0 stands, 1 was before it), whole, or by a start. The two cannot be
 * taken for each other: a version begins with the digits of its time, and so with a 0 for thousands of years. Signs before a number
 * would be clearer, but `~1`, `@1` and `-1` mean something to one shell or another.
 */
export function chooseVersion({ standing, previous }: KeptVersions, key: string, store: string, name: string): string {
  const fail = (message: string) => new CommandError("NOT_FOUND", message, seeLog(store, key), key);
  if (/^(0|[1-9]\d*)$/.test(name)) {
    const chosen = name === "0" ? standing : previous[Number(name) - 1];
    if (chosen !== undefined) return chosen.version;
    const kept = countOf(previous.length, "previous version");
    throw fail(
      `there is no version ${name} of ${JSON.stringify(key)} in ${store}: ${kept}, ${standing === undefined ? "none" : "one"} that stands`,
    );
  }
  const all = [...(standing === undefined ? [] : [standing]), ...previous].map(({ version }) => version);
  const [chosen, ...others] = name === "" ? [] : all.filter((version) => version.startsWith(name));
  if (others.length > 0) {
    throw new UsageError(
      `${others.length + 1} versions of ${JSON.stringify(key)} start with ${name}`,
      seeLog(store, key),
    );
  }
  if (chosen === undefined)
    throw fail(`no version ${JSON.stringify(name)} of ${JSON.stringify(key)} is kept in ${store}`);
  return chosen;
}

function seeLog(store: string, key: string): string {
  return `\`holdfast log ${store} ${key}\`, which lists the versions`;
}
