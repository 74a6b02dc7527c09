import type { Problem, RepairReport } from "@holdfast/core";
import { checkTables, repairTables } from "@holdfast/sqlite/item-table";
import type { FileStore } from "../file-store.js";
import { fingerprintOf } from "../fingerprint.js";
import { isTemporary } from "../names/dropped-in.js";
import { atPath, splitPath } from "../root-directory.js";
import { standingOf } from "../table/file-table.js";
import { checkFiles } from "./check-files.js";
import type { Finding } from "./findings.js";
import { lookThrough } from "./look-through.js";

/** Mends what the table, or the files themselves, can mend without losing anything. */
export async function repairFiles(store: FileStore, signal: AbortSignal | undefined): Promise<RepairReport> {
  const { connection, table, group, context } = store;
  const { tokenizerVersion: version, termsOf, ports } = context;
  const damage = await store.read(() => checkTables(connection, table, ports.clock.now()), signal);
  // Where pages are damaged, every write may spread the damage.
  if (damage.some((problem) => !problem.repairable)) return { repaired: [], remaining: damage };
  if (damage.length > 0) {
    await group.submit(() => repairTables(connection, table, { version, termsOf }, ports.clock.now()), { signal });
  }
  const findings = await lookThrough(store, signal);
  await store.dropLeftovers(findings.flatMap(({ remedy }) => (remedy.do === "drop" ? [remedy.place] : [])));
  for (const finding of findings) await mend(store, finding);
  await store.flush(signal);
  const remaining = await checkFiles(store, signal);
  const left = new Set(remaining.map(identify));
  const before = [...damage, ...findings.map(({ problem }) => problem)];
  return { repaired: before.filter((problem) => !left.has(identify(problem))), remaining };
}

async function mend(store: FileStore, { remedy }: Finding): Promise<void> {
  if (remedy.do !== "nothing") store.requireRoot();
  const { group, files, copies, internals, directories, quarantine, versions } = store;
  const { files: port } = internals;
  if (remedy.do === "remove") {
    atPath(port, directories.root, remedy.path, (file) => {
      if (!isTemporary(splitPath(remedy.path).name)) quarantine.copy(file, remedy.path);
      port.unlink(file);
    });
  } else if (remedy.do === "forget") {
    const { key, version, place } = remedy.copy;
    await group.submit(() => copies.delete(key, version));
    versions.drop(place);
  } else if (remedy.do === "mirror") {
    const { row } = remedy;
    const standing = standingOf(row);
    if (standing === undefined) return;
    const stat = atPath(port, directories.root, standing.path, (file) => {
      if (remedy.quarantine) quarantine.copy(file, standing.path);
      return port.lstat(file);
    });
    await group.submit(() => {
      files.mark(row.key);
      // What is in quarantine may be replaced.
      if (remedy.quarantine && stat !== undefined) files.damage(row.key, fingerprintOf(stat, port.now()));
    });
  }
}

function identify({ key, message }: Problem): string {
  return `${key ?? ""}\n${message}`;
}
