import type { FileSystemPort } from "./port/file-system-port.js";
import { isAbsence } from "./root-directory.js";
import { readMarker, rootGone } from "./state-directory.js";

/**
 * Tells the root that was opened from what else may stand at its path: the mount point of a disk that was taken out, another disk, a
 * copy. Nothing may be written into those, and nothing that they lack was deleted.
 *
 * The device is not compared, since a disk that is mounted anew may get another number.
 */
export class RootGuard {
  readonly #port: FileSystemPort;
  readonly #root: string;
  readonly #id: string | undefined;
  readonly #inode: bigint | undefined;

  /** The root has to be there, with its marker. */
  constructor(port: FileSystemPort, root: string) {
    this.#port = port;
    this.#root = root;
    this.#id = this.#idAt(root);
    this.#inode = this.#inodeAt(root);
    if (this.#id === undefined) throw rootGone(root);
  }

  /** Throws UNAVAILABLE when another directory stands there, or none. `at`: another path that leads to it. */
  require(at: string = this.#root): void {
    if (this.#inodeAt(at) !== this.#inode || this.#idAt(at) !== this.#id) throw rootGone(this.#root);
  }

  #inodeAt(at: string): bigint | undefined {
    try {
      return this.#port.lstat(`${at}/.`)?.inode;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  #idAt(at: string): string | undefined {
    return readMarker(this.#port, at);
  }
}
