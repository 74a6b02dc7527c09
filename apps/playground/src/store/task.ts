import { StorageError } from "@holdfast/core";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Notices } from "./notices.ts";

export interface Progressing {
  readonly label: string;
  readonly done: number;
  /** 0 while nobody knows. */
  readonly total: number;
}

export interface TaskTools {
  readonly signal: AbortSignal;
  tell(done: number, total: number): void;
}

/** The one piece of long work that may be going on, with its progress. */
export class Task {
  readonly #progress = signal<Progressing | undefined>(undefined);
  readonly #notices: Notices;
  #controller = new AbortController();

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  get progress(): ReadonlySignal<Progressing | undefined> {
    return this.#progress;
  }

  /** Runs `work` unless something is going on already. `work` resolves to what is then told. */
  async run(label: string, work: (tools: TaskTools) => Promise<string>): Promise<void> {
    if (this.#progress.value !== undefined) return;
    const controller = new AbortController();
    this.#controller = controller;
    this.#progress.value = { label, done: 0, total: 0 };
    const tell = (done: number, total: number) => {
      this.#progress.value = { label, done, total };
    };
    try {
      this.#notices.done(await work({ signal: controller.signal, tell }));
    } catch (error) {
      if (controller.signal.aborted && isAbort(error)) {
        this.#notices.done(`${label}: stopped. What was done so far stays.`);
      } else {
        this.#notices.failed(label, error);
      }
    } finally {
      this.#progress.value = undefined;
    }
  }

  stop(): void {
    this.#controller.abort();
  }
}

/** Browsers end what they were at with errors of their own, not with the signal's reason. */
function isAbort(error: unknown): boolean {
  return StorageError.is(error, "ABORTED") || (error instanceof Error && error.name === "AbortError");
}
