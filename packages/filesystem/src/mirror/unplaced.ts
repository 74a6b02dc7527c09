import type { FileSystemPort } from "../port/file-system-port.js";
import { discard, writeAll } from "../port/whole-files.js";
import type { Temps } from "./temps.js";

/** A file that is to be renamed. */
export interface Temp {
  readonly path: string;
  /** While it is open: its bytes are not known to be on the medium. */
  readonly descriptor: number | undefined;
}

interface Fsynced {
  readonly descriptors: readonly number[];
  readonly outcomes: readonly PromiseSettledResult<void>[];
}

/** Temps that are brought to the medium together, while others are still being written. */
const FSYNCED_TOGETHER = 64;

/** The temps of one publication that do not have their names yet. */
export class Unplaced {
  readonly #port: FileSystemPort;
  readonly #temps: Temps;
  readonly #paths = new Set<string>();
  /** Descriptors of temps that are not known to be on the medium. */
  readonly #open = new Set<number>();
  /** Of those, the ones for which nobody has asked to bring them there. */
  #unsynced: number[] = [];
  readonly #fsyncs: Promise<Fsynced>[] = [];

  constructor(port: FileSystemPort, temps: Temps) {
    this.#port = port;
    this.#temps = temps;
  }

  /** Writes a temp; together with others it is on its way to the medium. */
  write(bytes: Uint8Array): Temp {
    const path = this.#temps.next();
    const descriptor = this.#port.openNew(path);
    this.#paths.add(path);
    this.#open.add(descriptor);
    writeAll(this.#port, descriptor, bytes);
    this.#unsynced.push(descriptor);
    if (this.#unsynced.length >= FSYNCED_TOGETHER) this.#fsyncWritten();
    return { path, descriptor };
  }

  /** Another file that is to be discarded unless it gets its name. */
  add(path: string): void {
    this.#paths.add(path);
  }

  /** One that has its name, or is gone. */
  delete(path: string): void {
    this.#paths.delete(path);
  }

  /** Waits until all that was written is on the medium, and closes it. What failed, by descriptor. */
  async fsync(): Promise<Map<number, unknown>> {
    this.#fsyncWritten();
    const failures = new Map<number, unknown>();
    for (const { descriptors, outcomes } of await Promise.all(this.#fsyncs)) {
      for (const [index, descriptor] of descriptors.entries()) {
        const outcome = outcomes[index];
        if (outcome?.status === "rejected") failures.set(descriptor, outcome.reason);
        this.#open.delete(descriptor);
        try {
          this.#port.close(descriptor);
        } catch (error) {
          if (!failures.has(descriptor)) failures.set(descriptor, error);
        }
      }
    }
    return failures;
  }

  /** Gives up those that did not get their names. */
  async discard(): Promise<void> {
    // The files stay open as long as somebody works on them.
    await Promise.all(this.#fsyncs);
    for (const descriptor of this.#open) this.#port.close(descriptor);
    for (const path of this.#paths) discard(this.#port, path);
  }

  /** Has what was written so far brought to the medium, in the background. */
  #fsyncWritten(): void {
    const descriptors = this.#unsynced;
    this.#unsynced = [];
    this.#fsyncs.push(this.#port.fsyncTogether(descriptors).then((outcomes) => ({ descriptors, outcomes })));
  }
}
