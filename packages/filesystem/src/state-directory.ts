import { hash } from "node:crypto";
import { basename, join } from "node:path";
import { StorageError } from "@holdfast/core";
import type { Connection } from "@holdfast/sqlite/item-table";
import type { Internals } from "./internals.js";
import { isSynced } from "./locations.js";
import { openIfThere } from "./look.js";
import type { CompleteOptions } from "./options.js";
import type { FileSystemPort } from "./port/file-system-port.js";
import { discard, readAll, writeNewFile } from "./port/whole-files.js";
import { atPath, makeDirectories, OWN_DIRECTORY } from "./root-directory.js";

export interface Directories {
  readonly root: string;
  /** Of the item table. */
  readonly state: string;
  /** Of bodies, versions and quarantine: on the root's device, so that files can be moved and linked. */
  readonly work: string;
  /** Whether the root is in a folder that is synced. */
  readonly synced: boolean;
}

const MARKER = "root.json";
const ROOT_ID = "root";
/** What files are written to in the work directory. */
const WORKING: readonly string[] = ["temps", "bodies", "versions", "quarantine"];

/** Decides what is where, and makes what is missing. Throws UNSUPPORTED where the item table cannot be kept. */
export function prepareDirectories(options: CompleteOptions, internals: Internals): Directories {
  const { files: port, isOnNetwork } = internals;
  const { root } = options;
  makeDirectories(port, root);
  if (port.lstat(`${root}/.`)?.kind !== "directory") {
    throw new StorageError("INVALID_OPTION", `${root} is no directory; name one for the files`);
  }
  const own = join(root, OWN_DIRECTORY);
  if (`${options.stateDirectory ?? own}/`.startsWith(`${root}/`) && (options.stateDirectory ?? own) !== own) {
    throw new StorageError(
      "INVALID_OPTION",
      `stateDirectory is outside of the root, or left out: ${options.stateDirectory}`,
    );
  }
  const { state: usual, synced } = usualState(internals, root, own);
  const state = options.stateDirectory ?? usual;
  if (state === undefined) {
    throw new StorageError(
      "UNSUPPORTED",
      `${root} is in a folder that is synced, and this user has no home directory to keep the database in, which must not be synced: set stateDirectory, or HOME`,
    );
  }
  makeDirectories(port, own);
  makeDirectories(port, state);
  for (const directory of [own, ...WORKING.flatMap((name) => [join(own, name), join(state, name)])]) {
    requireNoLink(port, directory);
  }
  if (isOnNetwork(state)) {
    throw new StorageError(
      "UNSUPPORTED",
      `${state} is on a network drive, where several processes cannot share a database safely: set stateDirectory to a directory on a local disk; the files may stay where they are`,
    );
  }
  const isNear = port.lstat(`${state}/.`)?.device === port.lstat(`${root}/.`)?.device;
  return { root, state, work: isNear ? state : own, synced };
}

/** Sees to it that the item table and the root belong together; expects a transaction. */
export function bindRoot(
  connection: Connection,
  { root, state }: Directories,
  port: FileSystemPort,
  fresh: string,
): void {
  const recorded = connection.prepare<{ value: string }>("SELECT value FROM store WHERE name = ?").get(ROOT_ID)?.value;
  const marked = readMarker(port, root);
  if (recorded !== undefined && marked !== undefined && recorded !== marked) {
    throw new StorageError("UNSUPPORTED", `${state} belongs to another root than ${root}: name another stateDirectory`);
  }
  if (recorded !== undefined && marked === undefined && isEmptied(connection, root, port)) throw rootGone(root);
  const id = recorded ?? marked ?? fresh;
  if (recorded === undefined) connection.prepare("INSERT INTO store VALUES (?, ?)").run(ROOT_ID, id);
  if (marked === undefined) writeMarker(port, root, id);
}

/** Whether there is nothing of what the item table tells of: more likely its disk is away than that somebody deleted it all. */
function isEmptied(connection: Connection, root: string, port: FileSystemPort): boolean {
  const recorded = connection.prepare<{ path: string }>("SELECT path FROM files WHERE path IS NOT NULL").all();
  if (recorded.length > 0) {
    return !recorded.some(({ path }) => atPath(port, root, path, (file) => port.lstat(file)?.kind === "file"));
  }
  const items = connection.prepare<{ key: string }>("SELECT key FROM items LIMIT 1").get();
  return items !== undefined && port.readdir(root).every(({ name }) => name === OWN_DIRECTORY);
}

/** What is written there must stay there. */
function requireNoLink(port: FileSystemPort, directory: string): void {
  if (port.lstat(directory)?.kind !== "symlink") return;
  throw new StorageError(
    "UNSUPPORTED",
    `${directory} is a symbolic link, and none is followed there: put a directory in its place, or set stateDirectory to where it leads`,
  );
}

/**
 * In the root, unless some service would sync it there. By whatever path a root is opened, through a link or in other spelling, it has one
 * item table; where a link alone shows that it is synced, that is the one which is there already.
 */
function usualState(
  { files: port, dataDirectory }: Internals,
  root: string,
  own: string,
): { state: string | undefined; synced: boolean } {
  const real = port.realPath(root);
  const name = `${basename(real)}-${hash("sha256", real).slice(0, 12)}`;
  const data = dataDirectory();
  const elsewhere = data && join(data, "roots", name);
  const hasTable = (state: string | undefined) => !!state && port.lstat(join(state, "store.db")) !== undefined;
  const synced = isSynced(real) || isSynced(root) || hasTable(elsewhere);
  const isElsewhere = isSynced(real) || hasTable(elsewhere) || (synced && !hasTable(own));
  return { state: isElsewhere ? elsewhere : own, synced };
}

function markerOf(root: string): string {
  return join(root, OWN_DIRECTORY, MARKER);
}

/** The id of a root; undefined when it has none. */
export function readMarker(port: FileSystemPort, root: string): string | undefined {
  const descriptor = openIfThere(port, markerOf(root));
  if (descriptor === undefined) return undefined;
  try {
    const text = new TextDecoder().decode(readAll(port, descriptor, port.fstat(descriptor).size));
    return /"id":\s*"([0-9a-f]+)"/.exec(text)?.[1];
  } finally {
    port.close(descriptor);
  }
}

function writeMarker(port: FileSystemPort, root: string, id: string): void {
  const path = markerOf(root);
  // One that cannot be read says nothing.
  discard(port, path);
  writeNewFile(port, path, new TextEncoder().encode(`${JSON.stringify({ holdfast: 1, id })}\n`));
  port.fsyncDirectory(join(root, OWN_DIRECTORY));
}

export function rootGone(root: string): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    `${root} is not the directory that this store is in, or has lost its ${OWN_DIRECTORY}/${MARKER}: is its disk there? Nothing is taken for deleted, and nothing is written; bring it back, open the storage anew where it was moved on purpose, or delete the state directory to begin anew from the files`,
    { retryable: false },
  );
}
