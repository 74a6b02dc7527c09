import { readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { describeValue, StorageError } from "@holdfast/core";

/** Where an app keeps what, by the customs of the operating system. None of them is made. */
export interface Locations {
  /** What a person should find and open. */
  readonly documents: string;
  /** What belongs to the app, and must not get lost. */
  readonly data: string;
  /** What can be made again. */
  readonly cache: string;
  /** What may be gone tomorrow. */
  readonly temp: string;
}

/** What the customs depend on: this machine, or one that a test makes up. */
export interface Machine {
  /** As `process.platform` has it. */
  readonly platform: string;
  readonly home: string;
  readonly temp: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `user-dirs.dirs` of XDG, where there is one. */
  readonly userDirectories: string | undefined;
}

/**
 * The directories of an app on this machine, or on the one that is given.
 *
 * @example
 * filesystem({ root: locations("Blueprints").documents });
 *
 * @throws INVALID_OPTION for a name that is no single name of a directory.
 */
export function locations(app: string, machine: Machine = thisMachine()): Locations {
  if (typeof app !== "string" || !/^[^\p{Cc}<>:"/\\|?*]+$/u.test(app) || /^\.{1,2}$|[. ]$/.test(app)) {
    throw new StorageError(
      "INVALID_OPTION",
      `${describeValue(app)} cannot name the directories of an app: a name has none of < > : " / \\ | ? * and no control character, and ends neither in a dot nor in a space`,
    );
  }
  const { platform, home, temp, env } = machine;
  if (platform === "win32") {
    const local = env["LOCALAPPDATA"] || join(home, "AppData", "Local");
    return {
      documents: join(env["USERPROFILE"] || home, "Documents", app),
      data: join(env["APPDATA"] || join(home, "AppData", "Roaming"), app),
      cache: join(local, app, "Cache"),
      temp: join(temp, app),
    };
  }
  if (platform === "darwin") {
    const library = join(home, "Library");
    return {
      documents: join(home, "Documents", app),
      data: join(library, "Application Support", app),
      cache: join(library, "Caches", app),
      temp: join(temp, app),
    };
  }
  return {
    documents: join(documentsOf(machine), app),
    data: join(absolute(env["XDG_DATA_HOME"]) ?? join(home, ".local", "share"), app),
    cache: join(absolute(env["XDG_CACHE_HOME"]) ?? join(home, ".cache"), app),
    temp: join(temp, app),
  };
}

/** Whether a directory is in a folder that some service keeps the same on several machines. */
export function isSynced(path: string): boolean {
  const names = path.split(/[\\/]/);
  return names.some(
    (name, index) =>
      /^(?:Dropbox(?: \(.+\))?|iCloud ?Drive|com~apple~CloudDocs|Mobile Documents|Google ?Drive|My Drive|OneDrive(?: - .+)?)$/i.test(
        name,
      ) ||
      (name === "CloudStorage" && names[index - 1] === "Library" && index < names.length - 1),
  );
}

function thisMachine(): Machine {
  const home = homedir();
  const config = absolute(process.env["XDG_CONFIG_HOME"]) ?? join(home, ".config");
  const userDirectories = process.platform === "linux" ? readIfThere(join(config, "user-dirs.dirs")) : undefined;
  return { platform: process.platform, home, temp: tmpdir(), env: process.env, userDirectories };
}

function documentsOf({ home, env, userDirectories }: Machine): string {
  const line = /^\s*XDG_DOCUMENTS_DIR="(.*)"\s*$/m.exec(userDirectories ?? "")?.[1];
  const named = env["XDG_DOCUMENTS_DIR"] ?? line?.replace(/^\$HOME(?=\/|$)/, home);
  return absolute(named) ?? join(home, "Documents");
}

/** XDG has relative paths ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith("/") ? path : undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Most machines have none.
    return undefined;
  }
}
