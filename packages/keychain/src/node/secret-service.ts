import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What this process can tell of a Secret Service that does not answer it. */
export interface SecretServiceSigns {
  /** One is installed on this machine. */
  readonly hasService: boolean;
  /** The process is told of a session bus. */
  readonly hasBus: boolean;
}

/** Below a directory of shared data: what a session's bus starts, and the program that is a Secret Service while it runs. */
const SIGNS = [
  "dbus-1/services/org.freedesktop.secrets.service",
  "dbus-1/services/org.kde.kwalletd5.service",
  "dbus-1/services/org.kde.kwalletd6.service",
  "applications/org.keepassxc.KeePassXC.desktop",
];

/** By the directories of the XDG Base Directory Specification. */
export function secretServiceSigns(environment: NodeJS.ProcessEnv = process.env): SecretServiceSigns {
  const own = environment["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  const shared = (environment["XDG_DATA_DIRS"] || "/usr/local/share:/usr/share").split(":");
  return {
    hasService: [own, ...shared].some((directory) => SIGNS.some((sign) => existsSync(join(directory, sign)))),
    hasBus: Boolean(environment["DBUS_SESSION_BUS_ADDRESS"]),
  };
}
