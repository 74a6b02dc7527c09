import type { Connection } from "@holdfast/sqlite/item-table";
import type { Temps } from "./mirror/temps.js";
import type { FileSystemPort } from "./port/file-system-port.js";
import type { Copies } from "./table/copies.js";

export interface LeftoverParts {
  readonly port: FileSystemPort;
  readonly work: string;
  readonly connection: Connection;
  readonly copies: Copies;
  readonly temps: Temps;
}

export interface Leftover {
  /** Below the work directory. */
  readonly place: string;
  readonly what: string;
}

/** A body that has not moved for so long has ended without word: its process died. Milliseconds. */
const STREAM_TIMEOUT = 60 * 60 * 1000;
/** The mirror records what it has saved, and renames what it has written, sooner. Milliseconds. */
const MIRROR_TIMEOUT = 60 * 1000;
const VERSION = /-([0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{12})(?:\.[^/]*)?$/;

/** Files of the work directory that a process left behind when it died: nobody points to them, and nobody is writing them. */
export function leftoversOf({ port, work, connection, copies, temps }: LeftoverParts): Leftover[] {
  const known = new Set(copies.all().map(({ place }) => place));
  const isLeft = (place: string, timeout: number) => {
    const stat = known.has(place) ? undefined : port.lstat(`${work}/${place}`);
    // A second name changes no other time.
    return stat !== undefined && port.now() - Number(stat.ctime / 1_000_000n) >= timeout;
  };
  const bodies = filesBelow(port, work, "bodies")
    .filter((place) => isLeft(place, STREAM_TIMEOUT))
    .map((place) => ({ place, what: "an unfinished body" }));
  const history = connection.prepare<{ version: string }>("SELECT version FROM history").all();
  const kept = new Set(history.map(({ version }) => version));
  const versions = filesBelow(port, work, "versions")
    // One that history has waits to be recorded.
    .filter((place) => !kept.has(VERSION.exec(place)?.[1] ?? "") && isLeft(place, MIRROR_TIMEOUT))
    .map((place) => ({ place, what: "a version that is not kept any more" }));
  const unfinished = temps
    .places()
    .filter((place) => isLeft(place, MIRROR_TIMEOUT))
    .map((place) => ({ place, what: "an unfinished file" }));
  return [...bodies, ...versions, ...unfinished];
}

function filesBelow(port: FileSystemPort, work: string, directory: string): string[] {
  if (port.lstat(`${work}/${directory}`)?.kind !== "directory") return [];
  return port.readdir(`${work}/${directory}`).flatMap(({ name, kind }) => {
    const place = `${directory}/${name}`;
    return kind === "directory" ? filesBelow(port, work, place) : [place];
  });
}
