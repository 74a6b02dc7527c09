import { linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SeededRandom } from "@holdfast/conformance";
import { openStorage, type StorageEngine } from "@holdfast/core";
import {
  type FileStat,
  type FileSystemPort,
  filesystemOn,
  nodeFileSystem,
  realInternals,
} from "@holdfast/filesystem/port";
import { type Inspection, inspect } from "../check-store.ts";
import type { Saved } from "../standing.ts";
import { sha256Of } from "./content.ts";
import type { CrashState } from "./crash-states.ts";
import type { Inode } from "./files.ts";
import { HurriedPorts } from "./hurried-ports.ts";
import { LATER } from "./recoveries.ts";
import { SimulatedDatabase } from "./simulated-database.ts";
import { openSimulated, ROOT } from "./simulated-store.ts";

/** What a recovery has made of a state. */
export interface Aftermath {
  readonly inspection: Inspection;
  /** Paths below the root with the SHA-256 of their bytes, or `directory`; SQLite's own files aside. Sorted. */
  readonly tree: readonly (readonly [path: string, content: string])[];
}

const DATABASES = /^\.holdfast\/(?:store|mirror)\.db/;
const NANOSECONDS = 1_000_000n;

/** Recovers from a state as the replay does: on the simulated disk, with SQLite in memory. */
export async function recoverSimulated({ files, database }: CrashState, saved: Saved): Promise<Aftermath> {
  const { storage, disk } = await openSimulated({
    files: files.clone(),
    database: new SimulatedDatabase(database, () => undefined),
    ports: new HurriedPorts(new SeededRandom(1), LATER),
    told: () => undefined,
  });
  const inspection = await settle(storage, saved);
  const tree = [
    ...Array.from(disk.files.names, ([path, { bytes }]) => [path, sha256Of(bytes)] as const),
    ...Array.from(disk.files.directories, (path) => [path, "directory"] as const),
  ]
    .filter(([path]) => path.startsWith(`${ROOT}/`))
    .map(([path, content]) => [path.slice(ROOT.length + 1), content] as const);
  return { inspection, tree: sorted(tree) };
}

/** Recovers from the same state with nothing simulated but the clock: real files, the real port, SQLite's real file. */
export async function recoverOnDisk({ files, database }: CrashState, saved: Saved): Promise<Aftermath> {
  const home = mkdtempSync(join(tmpdir(), "holdfast-on-disk-"));
  const root = join(home, "root");
  try {
    const inodes = new Map<bigint, Known>();
    mkdirSync(root);
    for (const path of [...files.directories].sort()) {
      if (path.startsWith(`${ROOT}/`)) mkdirSync(join(root, path.slice(ROOT.length)));
    }
    const placed = new Map<Inode, string>();
    for (const [path, inode] of files.names) {
      const target = join(root, path.slice(ROOT.length));
      const first = placed.get(inode);
      if (first === undefined) writeFileSync(target, inode.bytes, { mode: 0o600 });
      else linkSync(first, target);
      placed.set(inode, first ?? target);
    }
    for (const [inode, path] of placed) {
      const { ino, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
      inodes.set(ino, { inode, mtime: mtimeNs, ctime: ctimeNs });
    }
    if (database !== undefined) {
      const path = join(root, ".holdfast/store.db");
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, database, { mode: 0o600 });
    }
    const ports = new HurriedPorts(new SeededRandom(1), LATER);
    const internals = { ...realInternals, files: portWith(inodes, ports), watchRoot: undefined };
    const storage = await openStorage(filesystemOn(internals, { root }), { ports });
    return { inspection: await settle(storage, saved), tree: treeBelow(root) };
  } finally {
    rmSync(home, { recursive: true });
  }
}

async function settle(storage: StorageEngine, saved: Saved): Promise<Inspection> {
  await storage.flush();
  const inspection = await inspect(storage, saved);
  await storage.close();
  return inspection;
}

/** A file of the state, and the times that it really has. */
interface Known {
  readonly inode: Inode;
  readonly mtime: bigint;
  readonly ctime: bigint;
}

/**
 * The real port. Nobody can set the number of an inode, or the time of its last change: files of the state are told as the state has
 * them until they are changed, and every other time is moved to when the power came back.
 */
function portWith(inodes: ReadonlyMap<bigint, Known>, ports: HurriedPorts): FileSystemPort {
  const moved = BigInt(LATER - Date.now()) * NANOSECONDS;
  const told = (stat: FileStat): FileStat => {
    const known = inodes.get(stat.inode);
    return {
      ...stat,
      inode: known?.inode.number ?? stat.inode + 2n ** 32n,
      mtime: stat.mtime === known?.mtime ? known.inode.mtime : stat.mtime + moved,
      ctime: stat.ctime === known?.ctime ? known.inode.ctime : stat.ctime + moved,
    };
  };
  return {
    ...nodeFileSystem,
    fstat: (descriptor) => told(nodeFileSystem.fstat(descriptor)),
    lstat(path) {
      const stat = nodeFileSystem.lstat(path);
      return stat && told(stat);
    },
    fsyncTogether: (descriptors) => ports.during(nodeFileSystem.fsyncTogether(descriptors)),
    holdDirectory(from, segments) {
      const held = nodeFileSystem.holdDirectory(from, segments);
      const fsync = held.fsync?.bind(held);
      const release = () => held.release();
      return { path: held.path, release, ...(fsync && { fsync: () => ports.during(fsync()) }) };
    },
    now: () => Date.now() + Number(moved / NANOSECONDS),
  };
}

function treeBelow(root: string): Aftermath["tree"] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(root.length + 1), entry.isDirectory() ? "directory" : sha256Of(readFileSync(path))] as const;
  });
  return sorted(entries.filter(([path]) => !DATABASES.test(path)));
}

function sorted(tree: Aftermath["tree"]): Aftermath["tree"] {
  return [...tree].sort(([a], [b]) => (a < b ? -1 : 1));
}
