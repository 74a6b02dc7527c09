import { openDatabase } from "@holdfast/sqlite/item-table";
import { locations } from "./locations.js";
import { type MirrorLock, type MirrorLockOptions, SqliteMirrorLock } from "./mirror-lock.js";
import { isOnNetwork } from "./network.js";
import type { FileSystemPort } from "./port/file-system-port.js";
import { nodeFileSystem } from "./port/node-file-system.js";
import { type RootWatch, watchDirectories } from "./root-watch.js";

/**
 * What the adapter stands on, so that a recording or simulating implementation can take its place. The order of everything
 * that a crash can fall between shows in three of them: calls of `files`, commits (`COMMIT` on the connection of `openDatabase`), and the
 * promises that the adapter's methods return.
 */
export interface Internals {
  /** Every call that touches the files of the root. */
  readonly files: FileSystemPort;
  /** Opens the item table. */
  readonly openDatabase: typeof openDatabase;
  /** Decides which process mirrors. */
  readonly openMirrorLock: (options: MirrorLockOptions) => Promise<MirrorLock>;
  /** Tells of changes below the root; undefined: nothing is watched. */
  readonly watchRoot: RootWatch | undefined;
  /** Whether a directory is on another machine. */
  readonly isOnNetwork: (directory: string) => boolean;
  /** Where this user's apps keep their data; undefined for a user without a home directory, as services may be. */
  readonly dataDirectory: () => string | undefined;
}

/** The operating system's. */
export const realInternals: Internals = {
  files: nodeFileSystem,
  openDatabase,
  openMirrorLock: SqliteMirrorLock.open,
  watchRoot: watchDirectories,
  isOnNetwork,
  dataDirectory() {
    try {
      return locations("holdfast").data;
    } catch {
      // The operating system throws where there is none.
      return undefined;
    }
  },
};
