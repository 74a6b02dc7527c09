import { statSync } from "node:fs";
import type { AdapterInfo } from "@holdfast/core";
import { codeOf } from "./classify.js";
import { logOf } from "./file-identity.js";
import { LAYOUT, readNumber } from "./item-table/schema.js";
import type { OpenStore } from "./open-store.js";
import type { CompleteOptions } from "./options.js";

const SYNCHRONOUS = ["OFF", "NORMAL", "FULL", "EXTRA"];

/** What `getInfo` tells; the settings as they are in force, not as they were asked for. */
export function describeStore({ connection, table }: OpenStore, options: CompleteOptions, now: number): AdapterInfo {
  const { path, durability, secureDelete, driver } = options;
  const version = connection.prepare<{ version: string }>("SELECT sqlite_version() AS version").get()?.version ?? "";
  const tombstones =
    connection.prepare<{ count: number }>("SELECT count(*) AS count FROM tombstones").get()?.count ?? 0;
  return {
    location: path,
    ...table.usage(now),
    details: {
      fileSize: sizeOf(path),
      logSize: logSizeOf(path),
      freeBytes: readNumber(connection, "freelist_count") * readNumber(connection, "page_size"),
      tombstones,
      previousVersions: table.history.count,
      sequence: table.feed.lastSequence,
      epoch: table.feed.epoch,
      layout: LAYOUT,
      durability,
      synchronous: SYNCHRONOUS[readNumber(connection, "synchronous")] ?? "",
      secureDelete,
      driver: driver.name,
      sqliteVersion: version,
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** 0 also where the database itself is gone, and with it what tells where its log was. */
function logSizeOf(path: string): number {
  try {
    return sizeOf(logOf(path));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}
