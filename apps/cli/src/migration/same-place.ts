import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { storeUrlOf } from "../store-at.js";

/** What SQLite keeps beside a database, and takes for its own whoever wrote it. */
const BESIDE_DATABASE = ["", "-journal", "-wal", "-shm"];

/** Whether two URLs name one store, also by way of links. Stores in memory are never the same. */
export async function isSamePlace(from: string, to: string): Promise<boolean> {
  const a = storeUrlOf(from);
  const b = storeUrlOf(to);
  if (a.scheme !== b.scheme || a.scheme === "memory") return false;
  // How a file is opened does not make it another one.
  if (a.scheme === "sqlite" || a.scheme === "file") return (await resolved(a.path)) === (await resolved(b.path));
  return a.path === b.path && sorted(a.options) === sorted(b.options);
}

/** Whether a file is, or would be, part of a store. */
export async function isPartOf(file: string, store: string): Promise<boolean> {
  const { scheme, path } = storeUrlOf(store);
  const [place, root] = [await resolved(file), await resolved(path)];
  if (scheme === "sqlite") return BESIDE_DATABASE.some((end) => place === root + end);
  if (scheme !== "file") return false;
  const way = relative(root, place);
  return way !== ".." && !way.startsWith(`..${sep}`) && resolve(root, way) === place;
}

/** Without links, as far as it is there already. */
async function resolved(path: string): Promise<string> {
  const above = dirname(resolve(path));
  return realpath(path).catch(async () =>
    above === resolve(path) ? above : join(await resolved(above), basename(resolve(path))),
  );
}

function sorted(options: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));
}
