import { join } from "node:path";
import { shortName } from "./names/pair-names.js";
import type { FileSystemPort } from "./port/file-system-port.js";
import { copyFile, discard, writeNewFile } from "./port/whole-files.js";
import { makeDirectories, splitPath } from "./root-directory.js";

/**
 * `quarantine/` in the work directory: copies of what could be no item, or had to give way to one. Nothing is removed from it but copies
 * of a damaged file that changed on and on: the first of them stays, and the last.
 */
export class Quarantine {
  readonly #port: FileSystemPort;
  readonly #work: string;
  readonly #unique: () => string;
  readonly #requireDevice: () => void;
  /** The last copies of damaged files of which there is an earlier one, by their paths. */
  readonly #last = new Map<string, string>();

  /** `requireDevice` throws when what is written to the work directory would not be found again. */
  constructor(port: FileSystemPort, work: string, unique: () => string, requireDevice: () => void) {
    this.#port = port;
    this.#work = work;
    this.#unique = unique;
    this.#requireDevice = requireDevice;
  }

  get directory(): string {
    return join(this.#work, "quarantine");
  }

  /** Keeps a copy of a file, on the medium. */
  copy(source: string, path: string): void {
    this.#keep(path, (target) => copyFile(this.#port, source, target));
  }

  /** Keeps a copy of a damaged file; `again`: it was damaged before, has changed since, and is so still. */
  copyDamaged(source: string, path: string, again: boolean): void {
    const target = this.#keep(path, (place) => copyFile(this.#port, source, place));
    const before = this.#last.get(path);
    if (again) this.#last.set(path, target);
    else this.#last.delete(path);
    if (again && before !== undefined) discard(this.#port, before);
  }

  /** Keeps bytes, on the medium. */
  write(bytes: Uint8Array, path: string): void {
    this.#keep(path, (target) => writeNewFile(this.#port, target, bytes));
  }

  #keep(path: string, write: (target: string) => void): string {
    this.#requireDevice();
    const { directory, name } = splitPath(path);
    const target = join(
      this.directory,
      directory,
      `${new Date(this.#port.now()).toISOString().replace(/[-:.]/g, "")}-${this.#unique().slice(0, 8)}-${shortName(name)}`,
    );
    makeDirectories(this.#port, splitPath(target).directory);
    write(target);
    this.#port.fsyncDirectory(splitPath(target).directory);
    return target;
  }
}
