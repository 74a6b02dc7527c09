import { join } from "node:path";
import { Digests } from "./look.js";
import type { FileSystemPort } from "./port/file-system-port.js";
import { discard, finish, writeAll } from "./port/whole-files.js";
import { makeDirectories } from "./root-directory.js";

/** Larger bodies are in files alone. */
export const MOST_IN_TABLE: number = 64 * 2 ** 10;

/** A body in a file that no item points to yet. */
export interface StagedFile {
  /** Below the work directory. */
  readonly place: string;
  readonly sha256: string;
}

const DIRECTORY = "bodies";

/** `bodies/` in the work directory: large bodies until they are in their place. */
export class BodyFiles {
  readonly #port: FileSystemPort;
  readonly #work: string;
  readonly #unique: () => string;
  readonly #requireDevice: () => void;

  /** `requireDevice` throws when what is written to the work directory would not be found again. */
  constructor(port: FileSystemPort, work: string, unique: () => string, requireDevice: () => void) {
    this.#port = port;
    this.#work = work;
    this.#unique = unique;
    this.#requireDevice = requireDevice;
  }

  get directory(): string {
    return join(this.#work, DIRECTORY);
  }

  locate(place: string): string {
    return join(this.#work, place);
  }

  /** A whole body, on the medium. */
  stage(bytes: Uint8Array): StagedFile {
    const file = this.begin();
    try {
      file.write(bytes);
      return file.end();
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  begin(): GrowingFile {
    this.#requireDevice();
    makeDirectories(this.#port, this.directory);
    return new GrowingFile(this.#port, this.#work, `${DIRECTORY}/${this.#unique()}`);
  }

  has({ place }: Pick<StagedFile, "place">): boolean {
    return this.#port.lstat(this.locate(place)) !== undefined;
  }

  discard({ place }: Pick<StagedFile, "place">): void {
    discard(this.#port, this.locate(place));
  }
}

/** A body that is being written. */
export class GrowingFile {
  readonly #port: FileSystemPort;
  readonly #work: string;
  readonly #place: string;
  readonly #digests = new Digests();
  readonly #descriptor: number;
  #open = true;

  constructor(port: FileSystemPort, work: string, place: string) {
    this.#port = port;
    this.#work = work;
    this.#place = place;
    this.#descriptor = port.openNew(join(work, place));
  }

  write(bytes: Uint8Array): void {
    writeAll(this.#port, this.#descriptor, bytes);
    this.#digests.add(bytes);
  }

  /** Brings it and its name to the medium. */
  end(): StagedFile {
    this.#open = false;
    finish(this.#port, this.#descriptor, () => this.#port.fsync(this.#descriptor));
    this.#port.fsyncDirectory(join(this.#work, DIRECTORY));
    return { place: this.#place, sha256: this.#digests.end().sha256 };
  }

  discard(): void {
    if (this.#open) {
      this.#open = false;
      this.#port.close(this.#descriptor);
    }
    discard(this.#port, join(this.#work, this.#place));
  }
}
