import { StorageError } from "@holdfast/core";
import { type ReadonlySignal, signal } from "@preact/signals";

export interface Notice {
  readonly id: number;
  readonly kind: "done" | "failed";
  readonly text: string;
  readonly action?: { readonly label: string; run(): void } | undefined;
}

// Milliseconds: to read it, and to think about it where there is something to do.
const SHOWN_FOR = 6_000;
const SHOWN_FOR_WITH_ACTION = 10_000;
// Of what went well.
const MOST = 3;

/** What the app tells its user: what went well for a while, what failed until it is dismissed. */
export class Notices {
  readonly #all = signal<readonly Notice[]>([]);
  readonly #held = new Set<number>();
  #next = 1;

  get all(): ReadonlySignal<readonly Notice[]> {
    return this.#all;
  }

  done(text: string, action?: Notice["action"]): void {
    const id = this.#add({ kind: "done", text, action });
    const pass = () => {
      if (this.#held.has(id)) later();
      else this.dismiss(id);
    };
    const later = () => setTimeout(pass, action === undefined ? SHOWN_FOR : SHOWN_FOR_WITH_ACTION);
    later();
  }

  failed(what: string, error: unknown): void {
    this.#add({ kind: "failed", text: `${what}: ${explain(error)}` });
  }

  dismiss(id: number): void {
    this.release(id);
    this.#all.value = this.#all.value.filter((notice) => notice.id !== id);
  }

  /** It does not go by itself: somebody is at it. */
  hold(id: number): void {
    this.#held.add(id);
  }

  release(id: number): void {
    this.#held.delete(id);
  }

  /** Runs what a click started; what it throws is told. */
  async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failed(what, error);
    }
  }

  #add(notice: Omit<Notice, "id">): number {
    const id = this.#next++;
    // Said twice it takes no more room; what has an action is another thing each time.
    const others = this.#all.value.filter(
      ({ kind, text, action }) =>
        kind !== notice.kind || text !== notice.text || action !== undefined || notice.action !== undefined,
    );
    const done = others.filter(({ kind }) => kind === "done");
    // Who has not seen yet that something failed is told of it, whatever else went well.
    const cut = notice.kind === "done" ? done.slice(0, Math.max(0, done.length + 1 - MOST)) : [];
    this.#all.value = [...others.filter((one) => !cut.includes(one)), { id, ...notice }];
    return id;
  }
}

/** An error in words for people. Holdfast's messages say what was wrong and what to do. */
export function explain(error: unknown): string {
  if (StorageError.is(error)) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}
