import { join } from "node:path";
import { type Version, versionTime } from "@holdfast/core";
import { codeOf } from "@holdfast/sqlite/item-table";
import { sameContent } from "../fingerprint.js";
import type { FileStat, FileSystemPort } from "../port/file-system-port.js";
import { copyFile } from "../port/whole-files.js";
import { makeDirectories, splitPath } from "../root-directory.js";

export interface SavedFile {
  /** Below the work directory. */
  readonly place: string;
  /** Whether it is the file itself under a second name, and not a copy. */
  readonly linked: boolean;
}

const NO_LINKS = /^E(?:PERM|NOTSUP|OPNOTSUPP|XDEV|MLINK|NOSYS|ACCES)$/;

/** `versions/` in the work directory: files of previous versions, which people can read. */
export class VersionFiles {
  readonly #port: FileSystemPort;
  readonly #work: string;

  constructor(port: FileSystemPort, work: string) {
    this.#port = port;
    this.#work = work;
  }

  /** Gives a file that is about to be replaced a second name, on the medium when it is to be kept. */
  save(source: string, path: string, version: Version, isToStay: boolean): SavedFile {
    const place = placeOf(path, version);
    const target = this.locate(place);
    const directory = splitPath(target).directory;
    makeDirectories(this.#port, directory);
    const linked = this.#link(source, target);
    if (isToStay) this.#port.fsyncDirectory(directory);
    return { place, linked };
  }

  /** Where the file of a version is if it was saved; undefined when it is not there. */
  find(path: string, version: Version): string | undefined {
    const place = placeOf(path, version);
    return this.#port.lstat(this.locate(place)) === undefined ? undefined : place;
  }

  /** Gives a file of the work directory a second name here, as the body of a version that was never mirrored. */
  adopt(place: string, path: string, version: Version): string {
    return this.save(this.locate(place), path, version, true).place;
  }

  /** Whether a saved file is no longer what `seen` is a stat of. */
  hasChanged({ place, linked }: SavedFile, seen: FileStat): boolean {
    const stat = this.#port.lstat(this.locate(place));
    return linked && (stat === undefined || !sameContent(stat, seen));
  }

  /** Removes a file, if it is there, and the directories above it as far as they are empty. */
  drop(place: string): void {
    const target = this.locate(place);
    if (this.#port.lstat(target) !== undefined) this.#port.unlink(target);
    for (let { directory } = splitPath(place); directory.includes("/"); directory = splitPath(directory).directory) {
      try {
        this.#port.rmdir(this.locate(directory));
      } catch (error) {
        if (codeOf(error) === undefined) throw error;
        return;
      }
    }
  }

  /** The path of a place. */
  locate(place: string): string {
    return join(this.#work, place);
  }

  #link(source: string, target: string): boolean {
    // Of an earlier try that was not recorded.
    if (this.#port.lstat(target) !== undefined) this.#port.unlink(target);
    try {
      this.#port.link(source, target);
      return true;
    } catch (error) {
      if (!NO_LINKS.test(codeOf(error) ?? "")) throw error;
      copyFile(this.#port, source, target);
      return false;
    }
  }
}

/** `versions/notes/a.json/20261125T145001123Z-<version>.json` */
function placeOf(path: string, version: Version): string {
  const time = new Date(versionTime(version)).toISOString().replace(/[-:.]/g, "");
  const extension = /(?:\.[A-Za-z0-9]{1,16}){0,2}$/.exec(splitPath(path).name)?.[0] ?? "";
  return `versions/${path}/${time}-${version}${extension}`;
}
