import type { AdapterInfo } from "@holdfast/core";
import type { FileStore } from "./file-store.js";

/** What `getInfo` tells. */
export function describeStore(
  { directories, table, files, mirror, options, watching }: FileStore,
  now: number,
): AdapterInfo {
  return {
    location: directories.root,
    ...table.usage(now),
    details: {
      stateDirectory: directories.state,
      durability: options.durability,
      pending: files.pendingCount,
      mirrors: mirror.leads,
      watching,
      synced: directories.synced,
      sequence: table.feed.lastSequence,
      epoch: table.feed.epoch,
      previousVersions: table.history.count,
    },
  };
}
