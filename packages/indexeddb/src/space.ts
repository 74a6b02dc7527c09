import { type AdapterInfo, StorageError } from "@holdfast/core";
import type { Connection } from "./connection.js";
import { headerOf, type ItemRow } from "./layout.js";
import type { CompleteOptions } from "./options.js";
import { answered } from "./requests.js";
import type { SpaceEstimate } from "./space-estimate.js";
import { newest } from "./summary.js";

export async function describe(connection: Connection, { name }: CompleteOptions, now: number): Promise<AdapterInfo> {
  const transaction = await connection.begin(["records", "feed"], "readonly");
  const expires = transaction.objectStore("records").index("expires");
  const [{ items, bytes }, expired] = await Promise.all([
    newest(transaction.objectStore("feed")),
    answered(expires.getAll(IDBKeyRange.upperBound(now))) as Promise<ItemRow[]>,
  ]);
  const { usage, quota } = await estimate();
  return {
    location: name,
    items: items - expired.length,
    bytes: bytes - expired.reduce((sum, row) => sum + headerOf(row).storedSize, 0),
    details: { usage, quota, persisted: await persisted(), durability: connection.durability, epoch: connection.epoch },
  };
}

export async function estimate(): Promise<SpaceEstimate> {
  const { usage = 0, quota = 0 } = await storageManager().estimate();
  return { usage, quota };
}

export function persisted(): Promise<boolean> {
  return storageManager().persisted();
}

export async function persist(): Promise<boolean> {
  const manager = storageManager();
  if (typeof manager.persist !== "function") {
    throw new StorageError("UNSUPPORTED", "persist() can be asked for by a window only, not by a worker", {
      adapter: "indexeddb",
    });
  }
  return manager.persist();
}

function storageManager(): StorageManager {
  const { storage } = navigator as { storage?: StorageManager };
  if (storage === undefined) {
    throw new StorageError("UNSUPPORTED", "this browser does not tell how much room there is", {
      adapter: "indexeddb",
    });
  }
  return storage;
}
