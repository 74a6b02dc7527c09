import { join } from "node:path";
import type { FileSystemPort } from "../port/file-system-port.js";
import { discard } from "../port/whole-files.js";
import { makeDirectories } from "../root-directory.js";

const DIRECTORY = "temps";

/**
 * `temps/` in the work directory: files of pairs until they are renamed into their places. All in one directory, since files that are
 * made side by side cost a disk much less to make and to bring to the medium than as many in as many directories.
 */
export class Temps {
  readonly #port: FileSystemPort;
  readonly #work: string;
  readonly #unique: () => string;

  constructor(port: FileSystemPort, work: string, unique: () => string) {
    this.#port = port;
    this.#work = work;
    this.#unique = unique;
  }

  /** Makes the directory where it is missing. */
  prepare(): void {
    makeDirectories(this.#port, join(this.#work, DIRECTORY));
  }

  /** A path for a new file. */
  next(): string {
    return join(this.#work, DIRECTORY, this.#unique());
  }

  /** Below the work directory, with "/". */
  places(): string[] {
    if (this.#port.lstat(join(this.#work, DIRECTORY))?.kind !== "directory") return [];
    return this.#port.readdir(join(this.#work, DIRECTORY)).map(({ name }) => `${DIRECTORY}/${name}`);
  }

  /** Removes what a mirror has left that died. To be called by who has become the mirror, before it works. */
  clear(): void {
    for (const place of this.places()) discard(this.#port, join(this.#work, place));
  }
}
