import { type MigrationJournal, type StorageAdapter, StorageError } from "@holdfast/core";

/** Burns at one call of all that go through it, before or after its effect. Then every call fails, and nothing more happens. */
export class Fuse {
  calls = 0;
  burnt = false;
  readonly #at: number;
  readonly #after: boolean;

  constructor(at: number = Number.POSITIVE_INFINITY, after = false) {
    this.#at = at;
    this.#after = after;
  }

  async guard<T>(work: () => T | Promise<T>): Promise<T> {
    this.#check();
    const isLast = ++this.calls === this.#at;
    if (isLast && !this.#after) this.burnt = true;
    this.#check();
    const result = await work();
    if (isLast) this.burnt = true;
    this.#check();
    return result;
  }

  #check(): void {
    if (this.burnt) throw new StorageError("CLOSED", "the process was killed");
  }
}

const GUARDED = new Set(["stat", "get", "put", "delete", "list", "batch", "changes", "lastCursor", "info"]);

/** The adapter as a process has it that may be killed: the records stay where they are. */
export function fused(adapter: StorageAdapter, fuse: Fuse): StorageAdapter {
  return new Proxy(adapter, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const method = member.bind(target) as (...args: unknown[]) => unknown;
      return GUARDED.has(String(name)) ? (...args: unknown[]) => fuse.guard(() => method(...args)) : method;
    },
  });
}

/** A journal in memory that outlives the process. A line that is cut off is dropped, as the contract says. */
export function journalOf(lines: string[], fuse: Fuse): MigrationJournal {
  return {
    async *read() {
      yield* await fuse.guard(() => [...lines]);
    },
    append: (line) => fuse.guard(() => void lines.push(line)),
    clear: () => fuse.guard(() => void lines.splice(0)),
  };
}
