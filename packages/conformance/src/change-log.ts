import type { Change, StorageEngine, Unwatch } from "@holdfast/core";
import { settle, until } from "./turns.js";

/** What was written by whom, without its place in the feed: that differs from run to run. */
export function withoutCursor<C extends { readonly cursor?: string }>({ cursor: _, ...change }: C): Omit<C, "cursor"> {
  return change;
}

/** Everything that one watcher was told. */
export class ChangeLog {
  readonly changes: readonly Change[];
  readonly unwatch: Unwatch;

  private constructor(changes: readonly Change[], unwatch: Unwatch) {
    this.changes = changes;
    this.unwatch = unwatch;
  }

  /** Watches from now on. */
  static async start(storage: StorageEngine, prefix = ""): Promise<ChangeLog> {
    const changes: Change[] = [];
    const unwatch = await storage.watch(prefix, (change) => changes.push(change));
    return new ChangeLog(changes, unwatch);
  }

  /** Resolves when the write of `key` with this version has been told. */
  until(key: string, version: string): Promise<void> {
    return until(() => this.changes.some((change) => change.key === key && change.version === version));
  }

  /**
   * What was told of the other keys, once a last write of `key` has come through. Then gives late or repeated calls a chance
   * to show themselves.
   */
  async endedBy(storage: StorageEngine, key: string): Promise<Change[]> {
    const { version } = await storage.save(key, "the end");
    await this.until(key, version);
    await settle();
    return this.changes.filter((change) => change.key !== key);
  }
}
