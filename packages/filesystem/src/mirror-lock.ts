import { betterSqlite3, type Connection, isBusy } from "@holdfast/sqlite/item-table";

/** Where the lock is. */
export interface MirrorLockOptions {
  /** A small database that holds nothing else. */
  readonly path: string;
}

/** Of all processes on one root, the one that holds it mirrors. The operating system frees it when its process ends. */
export interface MirrorLock {
  /** Whether this process mirrors; takes the lock when nobody has it. */
  tryAcquire(): boolean;
  /** Lets go of it. */
  close(): void;
}

/** An immediate transaction that is left open. Nothing is ever written in it, so nothing has to be recovered. */
export class SqliteMirrorLock implements MirrorLock {
  readonly #connection: Connection;

  static async open({ path }: MirrorLockOptions): Promise<MirrorLock> {
    const connection = await betterSqlite3().open(path, "readwrite");
    return new SqliteMirrorLock(connection);
  }

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  tryAcquire(): boolean {
    if (this.#connection.inTransaction) return true;
    try {
      this.#connection.exec("BEGIN IMMEDIATE");
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }

  close(): void {
    this.#connection.close();
  }
}
