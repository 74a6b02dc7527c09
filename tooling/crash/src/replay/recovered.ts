import { createHash } from "node:crypto";
import type { SqlValue } from "@holdfast/sqlite/item-table";
import { sha256Of } from "./content.ts";
import type { Files, Inode } from "./files.ts";
import { digestOf, type Table } from "./item-database.ts";
import { ROOT } from "./simulated-store.ts";

/** A clock's grain, as the adapter reckons it: whether more time lay between a file's change and its recording is all that matters. */
const GRAIN = 2_000;

/**
 * Equal for stores between which nobody can tell a difference: the same rows, the same names, the same bytes. Times since `begun`,
 * in nanoseconds, count as one, since each recovery takes another number of steps; inodes count by their names.
 */
export function digestOfRecovered(files: Files, tables: readonly Table[], begun: bigint): string {
  const digest = createHash("sha1");
  const numbers = new Map<Inode, number>();
  for (const path of [...files.names.keys()].sort()) {
    const inode = files.names.get(path) as Inode;
    const number = numbers.get(inode) ?? numbers.size;
    numbers.set(inode, number);
    const times = [inode.mtime, inode.ctime].map((time) => (time < begun ? time : "since"));
    digest.update(`${path}\n${number} ${times.join(" ")} ${sha256Of(inode.bytes)}\n`);
  }
  digest.update([...files.directories].sort().join("\n"));
  for (const table of tables) digest.update(digestOf(table.name === "files" ? withoutTimes(table, files) : table));
  return digest.digest("base64");
}

/** What the rows say of how their files look, as whether they look so. */
function withoutTimes({ name, columns, rows }: Table, files: Files): Table {
  const path = columns.indexOf("path");
  const looks = new Set([columns.indexOf("stat"), columns.indexOf("damaged")]);
  const written = (value: SqlValue, row: readonly SqlValue[]): SqlValue => {
    const inode = files.names.get(`${ROOT}/${row[path]}`);
    if (inode === undefined || typeof value !== "string") return value;
    const look = `${inode.bytes.byteLength} ${inode.mtime} ${inode.ctime} ${inode.number} `;
    if (!value.startsWith(look)) return value;
    const age = Number(value.slice(look.length)) - Number(inode.mtime / 1_000_000n);
    return age < GRAIN ? "as it is, and fresh" : "as it is";
  };
  return {
    name,
    columns,
    rows: rows.map((row) => row.map((value, at) => (looks.has(at) ? written(value, row) : value))),
  };
}
