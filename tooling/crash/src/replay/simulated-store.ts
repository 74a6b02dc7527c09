import { openStorage, type StorageEngine } from "@holdfast/core";
import { type FileSystemPort, filesystemOn, type Internals } from "@holdfast/filesystem/port";
import { Files, SimulatedDisk } from "./files.ts";
import type { HurriedPorts } from "./hurried-ports.ts";
import type { ItemDatabase } from "./item-database.ts";
import type { Event } from "./trace.ts";

export const ROOT = "/disk/root";

export interface SimulatedStore {
  readonly storage: StorageEngine;
  readonly disk: SimulatedDisk;
}

export interface SimulatedStoreOptions {
  readonly files: Files;
  readonly database: ItemDatabase;
  readonly ports: HurriedPorts;
  /** Hears of every change to a file. */
  readonly told: (event: Event) => void;
  /** Whether the disk takes fewer bytes than it is given, now and then. Default: false. */
  readonly shortWrites?: boolean | undefined;
  /** The adapter under test. Default: the real one. */
  readonly adapter?: typeof filesystemOn | undefined;
}

/** An empty disk. */
export function emptyDisk(): Files {
  return new Files(["", "/disk", ROOT]);
}

/** Opens the filesystem adapter on a simulated disk. */
export async function openSimulated(options: SimulatedStoreOptions): Promise<SimulatedStore> {
  const { files, database, ports, shortWrites = false, adapter = filesystemOn } = options;
  const some = (bytes: number): number =>
    ports.random.fraction() < 0.3 ? Math.ceil(bytes * ports.random.fraction()) || bytes : bytes;
  const disk = new SimulatedDisk(files, {
    now: () => ports.nanoseconds(),
    told: (change, time) => {
      ports.stir();
      options.told({ type: "change", change, time });
    },
    ...(shortWrites && { taken: some }),
  });
  const internals: Internals = {
    files: disk satisfies FileSystemPort,
    openDatabase: database.open,
    openMirrorLock: async () => ({ tryAcquire: () => true, close: () => undefined }),
    watchRoot: undefined,
    isOnNetwork: () => false,
    dataDirectory: () => undefined,
  };
  const storage = await openStorage(adapter(internals, { root: ROOT }), { ports });
  return { storage, disk };
}
