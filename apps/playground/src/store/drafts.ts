import { type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Detail } from "./detail.ts";
import { type Draft, DraftError, type DraftField, draftOf, newDraft, sameDraft, saveDraft } from "./draft.ts";
import { explain } from "./notices.ts";
import type { Session } from "./session.ts";

export interface Fault {
  /** Undefined: of none, or of one that the form does not have. */
  readonly field: DraftField | undefined;
  readonly text: string;
}

/** An item that is being written. It outlives the form: whoever goes elsewhere finds it again. */
export class Writing {
  /** The item that is edited, as it stood when that began; undefined for a new one. */
  readonly before: Detail | undefined;
  /** Whether something was typed that is not saved. */
  readonly unsaved: ReadonlySignal<boolean>;
  readonly #typed: Signal<Draft>;
  readonly #fault = signal<Fault | undefined>(undefined);
  readonly #standing = signal<string | null | undefined>(undefined);
  readonly #saving = signal(false);
  readonly #saved = signal<StorageItem | undefined>(undefined);

  constructor(before?: Detail) {
    const start = before === undefined ? newDraft() : draftOf(before);
    this.before = before;
    this.#typed = signal(start);
    this.unsaved = computed(() => this.#saved.value === undefined && !sameDraft(start, this.#typed.value));
  }

  get typed(): ReadonlySignal<Draft> {
    return this.#typed;
  }

  /** Why it was not saved. */
  get fault(): ReadonlySignal<Fault | undefined> {
    return this.#fault;
  }

  /** The version that another tab, or another part of this one, put in place meanwhile; null: it deleted the item. */
  get standing(): ReadonlySignal<string | null | undefined> {
    return this.#standing;
  }

  get saving(): ReadonlySignal<boolean> {
    return this.#saving;
  }

  /** What came of it; undefined until then. */
  get saved(): ReadonlySignal<StorageItem | undefined> {
    return this.#saved;
  }

  /** Nothing is typed into what is on its way. */
  type(part: Partial<Draft>): void {
    if (this.#saving.peek()) return;
    batch(() => {
      this.#typed.value = { ...this.#typed.peek(), ...part };
      this.#fault.value = undefined;
    });
  }

  /** Ends with `saved`, `fault` or `standing`; never rejects. */
  async save(storage: StorageEngine, ifVersion: string | null = this.before?.item.version ?? null): Promise<void> {
    if (this.#saving.peek()) return;
    batch(() => {
      this.#saving.value = true;
      this.#fault.value = undefined;
      this.#standing.value = undefined;
    });
    let ended: () => void;
    try {
      const item = await saveDraft(storage, this.#typed.peek(), this.before, ifVersion);
      ended = () => {
        this.#saved.value = item;
      };
    } catch (error) {
      ended = () => this.#failed(error);
    }
    batch(() => {
      this.#saving.value = false;
      ended();
    });
  }

  #failed(error: unknown): void {
    if (StorageError.is(error, "CONFLICT") && this.before !== undefined) this.#standing.value = error.current ?? null;
    else this.#fault.value = faultOf(error, this.before);
  }
}

/** What is being written in one store. */
export class Drafts {
  readonly #all = signal<ReadonlyMap<string | undefined, Writing>>(new Map());
  readonly #shown = new Set<Writing>();

  /** The keys of items with something typed that is not saved; undefined: a new item. */
  readonly unsaved: ReadonlySignal<readonly (string | undefined)[]> = computed(() =>
    [...this.#all.value].filter(([, { unsaved }]) => unsaved.value).map(([key]) => key),
  );

  /** What is being written of the item of that key, or as a new one. */
  at(key: string | undefined): Writing | undefined {
    return this.#all.peek().get(key);
  }

  /** While its form is shown. What that returns ends it: then only what would be lost is still held. */
  show(writing: Writing): () => void {
    this.#all.value = new Map([...this.#all.peek(), [keyOf(writing), writing]]);
    this.#shown.add(writing);
    return () => {
      this.#shown.delete(writing);
      if (!writing.unsaved.peek() && !writing.saving.peek()) this.end(writing);
    };
  }

  isShown(writing: Writing): boolean {
    return this.#shown.has(writing);
  }

  /** It was saved, or is given up. */
  end(writing: Writing): void {
    if (this.at(keyOf(writing)) !== writing) return;
    this.#all.value = new Map([...this.#all.peek()].filter(([, one]) => one !== writing));
  }
}

const stores = new Map<string, Drafts>();

/** The same ones whenever the same user opens the same store, as long as the page lasts. */
export function draftsOf({ account }: Pick<Session, "account">): Drafts {
  const store = account === undefined ? "" : `${account.project.url} ${account.email}`;
  const known = stores.get(store);
  if (known !== undefined) return known;
  const drafts = new Drafts();
  stores.set(store, drafts);
  // Only while there is something to lose: some browsers keep no page in memory for going back that listens.
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  effect(() => {
    if (drafts.unsaved.value.length === 0) return undefined;
    globalThis.addEventListener("beforeunload", ask);
    return () => globalThis.removeEventListener("beforeunload", ask);
  });
  return drafts;
}

function keyOf({ before }: Writing): string | undefined {
  return before?.item.key;
}

function faultOf(error: unknown, before: Detail | undefined): Fault {
  if (error instanceof DraftError) return { field: error.field, text: error.message };
  if (StorageError.is(error, "INVALID_KEY")) return { field: "key", text: explain(error) };
  if (StorageError.is(error, "INVALID_VALUE")) {
    return { field: before?.data instanceof Uint8Array ? undefined : "content", text: explain(error) };
  }
  if (before === undefined && StorageError.is(error, "CONFLICT")) {
    return { field: "key", text: "There is an item of this key already: choose another one, or edit that item." };
  }
  return { field: undefined, text: explain(error) };
}
