import { openStorage, type StorageEngine, type StorageError, type StorageSettings } from "@holdfast/core";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";

export interface Opened {
  readonly adapter: MapAdapter;
  readonly storage: StorageEngine;
  readonly ports: FakePorts;
}

export async function open(settings?: StorageSettings): Promise<Opened> {
  const adapter = new MapAdapter();
  const ports = new FakePorts();
  return { adapter, ports, storage: await openStorage(adapter, { ports, ...settings }) };
}

/** What a promise, or a call, fails with. */
export async function failure(work: Promise<unknown> | (() => unknown)): Promise<StorageError> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return error as StorageError;
  }
  throw new Error("it did not fail");
}
