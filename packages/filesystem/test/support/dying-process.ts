import { type FileSystemPort, type Internals, type MirrorLock, realInternals } from "@holdfast/filesystem/port";
import type { Connection } from "@holdfast/sqlite/item-table";

/** Foundations that stop working at one call, as those of a process that is killed there. */
export class DyingProcess {
  readonly internals: Internals;
  /** Calls that change files, and commits, so far. */
  calls = 0;
  readonly #lastCall: number;
  readonly #open: { close(): void }[] = [];

  /** `lastCall` is the first that is not made, or when it writes is made by half. */
  constructor(lastCall: number) {
    this.#lastCall = lastCall;
    this.internals = {
      files: this.#port(realInternals.files),
      openDatabase: async (options) => {
        const database = await realInternals.openDatabase(options);
        this.#open.push(database.connection);
        return { ...database, connection: this.#connection(database.connection) };
      },
      openMirrorLock: async (options) => {
        const lock = await realInternals.openMirrorLock(options);
        this.#open.push(lock);
        return this.#alive(lock);
      },
      watchRoot: undefined,
      isOnNetwork: () => false,
      dataDirectory: () => undefined,
    };
  }

  get isDead(): boolean {
    return this.calls >= this.#lastCall;
  }

  /** What the operating system does for a process that ended. */
  bury(): void {
    this.calls = Number.POSITIVE_INFINITY;
    for (const each of this.#open) each.close();
  }

  #port(real: FileSystemPort): FileSystemPort {
    const step = <Arguments extends unknown[], Result>(call: (...given: Arguments) => Result) => {
      return (...given: Arguments): Result => {
        this.#step();
        return call(...given);
      };
    };
    return {
      ...real,
      openNew: step(real.openNew),
      write: (descriptor, bytes) => {
        if (this.calls + 1 === this.#lastCall) real.write(descriptor, bytes.subarray(0, bytes.byteLength >> 1));
        this.#step();
        return real.write(descriptor, bytes);
      },
      rename: step(real.rename),
      link: step(real.link),
      unlink: step(real.unlink),
      mkdir: step(real.mkdir),
      rmdir: step(real.rmdir),
    };
  }

  #connection(real: Connection): Connection {
    return {
      prepare: (sql) => {
        const statement = real.prepare<never>(sql);
        if (sql !== "COMMIT") return statement;
        return {
          ...statement,
          run: (...parameters) => {
            this.#step();
            return statement.run(...parameters);
          },
        };
      },
      exec: (sql) => real.exec(sql),
      get inTransaction() {
        return real.inTransaction;
      },
      // Closing would bring the log into the database, which a process that is killed does not do.
      close: () => undefined,
    };
  }

  /** A lock that `bury` lets go of, and nobody else once the process is dead. */
  #alive(real: MirrorLock): MirrorLock {
    return { tryAcquire: () => real.tryAcquire(), close: () => undefined };
  }

  #step(): void {
    if (this.isDead || ++this.calls >= this.#lastCall) throw new Error("the process is dead");
  }
}
