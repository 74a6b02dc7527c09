import { openStorage, type StorageEngine } from "@holdfast/core";
import { type FileSystemPort, filesystemOn, type Internals } from "@holdfast/filesystem/port";
import { Files, SimulatedDisk } from "./files.ts";
import type { HurriedPorts } from "./hurried-ports.ts";
import { SimulatedDatabase } from "./simulated-database.ts";
import type { Event } from "./trace.ts";

export const ROOT = "/disk/root";

export interface SimulatedStore {
  readonly storage: StorageEngine;
  readonly disk: SimulatedDisk;
  /** The power goes. */
  cut(): void;
}

export interface SimulatedStoreOptions {
  readonly files: Files;
  readonly database: Uint8Array | undefined;
  readonly ports: HurriedPorts;
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
  const told = (event: Event) => {
    ports.stir();
    options.told(event);
  };
  const some = (bytes: number): number =>
    ports.random.fraction() < 0.3 ? Math.ceil(bytes * ports.random.fraction()) || bytes : bytes;
  const disk = new SimulatedDisk(files, {
    now: () => ports.nanoseconds(),
    told: (change, time) => told({ type: "change", change, time }),
    ...(shortWrites && { taken: some }),
  });
  const table = new SimulatedDatabase(database, (committed) => told({ type: "commit", database: committed }));
  const internals: Internals = {
    files: disk satisfies FileSystemPort,
    openDatabase: table.open,
    openMirrorLock: async () => ({ tryAcquire: () => true, close: () => undefined }),
    watchRoot: undefined,
    isOnNetwork: () => false,
  };
  const storage = await openStorage(adapter(internals, { root: ROOT }), { ports });
  return { storage, disk, cut: () => table.cut() };
}
